//! Arrays, samples and their labels, in files.

#[cfg(feature = "updates")]
pub mod blob;
mod classes;
mod npy;
mod npy_header;
pub mod npz;
pub(crate) mod output;
pub mod samples;
mod test_set;
mod text;

pub use classes::Classes;
pub use test_set::TestSet;
pub use text::read_text;

/// Whether an array's name is that of a tensor. Names of files in an archive cannot hold every character: `|` may stand
/// for `/`.
pub(crate) fn is_name_of(array: &str, tensor: &str) -> bool {
    array == tensor || array == tensor.replace('/', "|")
}
