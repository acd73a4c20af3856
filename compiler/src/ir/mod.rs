//! The typed graph that passes work on.
//!
//! Every value has an element type and a full shape, inferred by the operator that makes it. The IR knows nothing of
//! ONNX's encoding, of Rust syntax or of memory.

mod display;
pub mod fixed_point;
pub mod geometry;
mod graph;
pub mod layer;
pub mod linear;
mod lowering;
mod operator;
pub mod primitives;
pub mod program;
pub(crate) mod rewrite;
mod tensor;
mod verify;

pub use crate::bindings::DType;
pub use graph::{Graph, Node, NodeId, NodeKind, PortSteps, Steps, Value, ValueId};
pub(crate) use lowering::Values;
pub use lowering::{CallOptions, Lowering};
pub use operator::{Inputs, MAX_RANK, MAX_TENSOR_BYTES, OpError, Operator, Permuted, TensorType, infer, op_error};
pub use tensor::Tensor;
pub use verify::verify;
