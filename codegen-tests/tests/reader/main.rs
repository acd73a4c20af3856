//! The reader (`edgec::front::load`) against models written by an independent encoder.

mod external_data;
mod functions;
mod models;
mod tensors;

use codegen_tests::model_builder::{Encoding, ModelBuilder};
use edgec::front::load::{LoadError, Model, load_bytes};
use edgec::ir::{DType, Tensor};

/// A model of one node that reads `x` and the initializer `w`.
pub(crate) fn add(w: &Tensor, encoding: Encoding) -> ModelBuilder {
    ModelBuilder::new(17)
        .input("x", w.dtype, &[2, 3])
        .initializer("w", w, encoding)
        .node("Add", &["x", "w"], &["y"], &[])
        .output("y", w.dtype, &[2, 3])
}

/// A tensor of any type whose bytes differ from each other.
pub(crate) fn sample(dtype: DType) -> Tensor {
    let byte = |i| {
        if dtype == DType::Bool {
            i as u8 % 2
        } else {
            (i as u8).wrapping_mul(37).wrapping_add(130)
        }
    };
    Tensor::new(dtype, vec![2, 3], (0..6 * dtype.size()).map(byte).collect())
}

pub(crate) fn f32s(len: usize) -> Tensor {
    Tensor::f32(&[len], &vec![1.5; len])
}

pub(crate) fn loaded(model: &ModelBuilder) -> Model {
    load_bytes(&model.bytes(), None).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn error(model: &ModelBuilder) -> LoadError {
    load_bytes(&model.bytes(), None).expect_err("the model is wrong")
}

/// Asserts that the model is refused with a message that has all of these parts.
#[track_caller]
pub(crate) fn refused(model: &ModelBuilder, parts: &[&str]) {
    let message = error(model).to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

pub(crate) fn nodes(model: &Model) -> Vec<&str> {
    model.graph.node.iter().map(|node| node.name()).collect()
}
