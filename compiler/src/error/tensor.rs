//! What can be wrong with a stored tensor.

use thiserror::Error;

/// What is wrong with one stored tensor; reads on after "the tensor `name`".
#[derive(Debug, Error)]
pub enum TensorProblem {
    /// An element type this compiler does not compute with.
    #[error("has elements of type {0}, which is not supported")]
    Type(String),
    /// Elements of 4 bits where they would be taken for wider ones.
    #[error("has elements of 4 bits, which only DequantizeLinear and Cast may read, but {0} does")]
    FourBits(String),
    /// A dimension below zero.
    #[error("has the dimension {dim} at axis {axis}; stored tensors have none below 0")]
    NegativeDim {
        /// Position in the shape.
        axis: usize,
        /// The dimension.
        dim: i64,
    },
    /// More bytes than can be addressed.
    #[error("has the shape {0:?}, which is too large to address")]
    Overflow(Vec<i64>),
    /// The bytes stored do not fill the shape.
    #[error("holds {found} bytes where its shape {shape:?} of {dtype} needs {expected}")]
    Bytes {
        /// The shape.
        shape: Vec<i64>,
        /// The element type.
        dtype: String,
        /// Bytes that follow from these.
        expected: u64,
        /// Bytes stored.
        found: u64,
    },
    /// The elements stored do not fill the shape.
    #[error("holds {found} elements in `{field}` where its shape {shape:?} needs {expected}")]
    Elements {
        /// The field of the tensor message that belongs to the element type.
        field: &'static str,
        /// The shape.
        shape: Vec<i64>,
        /// Elements that follow from it.
        expected: u64,
        /// Elements stored.
        found: u64,
    },
    /// Both raw bytes and a typed field are filled.
    #[error("is stored twice, in `raw_data` and in `{0}`")]
    StoredTwice(&'static str),
    /// A value that the element type cannot hold.
    #[error("holds {value} at element {index}, which is no {dtype}")]
    Range {
        /// Position of the element.
        index: usize,
        /// The value.
        value: i128,
        /// The element type.
        dtype: String,
    },
    /// The tensor is one part of a larger one.
    #[error("is stored in segments, which is not supported")]
    Segment,
    /// External data without a folder to look in.
    #[error("is stored outside the model, but the model was not loaded from a file")]
    ExternalWithoutFolder,
    /// External data without a file name.
    #[error("is stored outside the model, without a `location`")]
    ExternalWithoutLocation,
    /// An `offset` or `length` that is not a number.
    #[error("is stored outside the model with the {key} `{value}`, which is not a byte count")]
    ExternalNumber {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// External data outside the model's folder.
    #[error("is stored in `{0}`, which is outside the model's folder; refusing to read it")]
    ExternalOutside(String),
    /// More external data than is read.
    #[error("is stored outside the model and brings what is stored there to more than {0} bytes")]
    ExternalTotal(u64),
    /// External data that cannot be read.
    #[error("is stored in `{location}`, which cannot be read: {message}")]
    ExternalUnreadable {
        /// The file, as the model names it.
        location: String,
        /// What is wrong with it.
        message: String,
    },
    /// An external file that ends too early.
    #[error("is stored in `{location}` at bytes {offset}..{end}, but the file has {size} bytes")]
    ExternalShort {
        /// The file, as the model names it.
        location: String,
        /// First byte.
        offset: u64,
        /// One past the last byte.
        end: u128,
        /// Size of the file.
        size: u64,
    },
}
