//! The typed graph that passes work on.
//!
//! Every value has an element type and a full shape, inferred by the operator that makes it. The IR knows nothing of
//! ONNX's encoding, of Rust syntax or of memory.

mod candidate;
mod display;
pub mod fixed_point;
pub mod geometry;
mod gradient;
mod graph;
mod labels;
pub mod layer;
pub mod linear;
mod lowering;
mod operator;
mod over_time;
pub mod primitives;
pub mod program;
mod remark;
pub(crate) mod rewrite;
mod split_mix;
mod tensor;
mod text;
mod verify;

pub use crate::bindings::DType;
pub use candidate::{Candidate, Offers, Select};
pub use gradient::{Compose, Gradient};
pub use graph::{
    Folding, Graph, Node, NodeId, NodeKind, PortSteps, State, Steps, StreamedInput, StreamedOutput, Streaming,
    Training, Value, ValueId,
};
pub use labels::{Classes, Labels};
pub use lowering::{CallOptions, Lowering};
pub(crate) use lowering::{Values, check_body};
pub use operator::{
    Inputs, MAX_RANK, MAX_TENSOR_BYTES, Movement, OpError, Operator, Parts, Permuted, TensorType, infer, op_error,
};
pub use over_time::{Fill, Framewise, OverTime, Time, TimeWindow};
pub use remark::{Remark, RemarkKind};
pub(crate) use split_mix::mixed;
pub use tensor::Tensor;
pub use text::{Printable, PrintableLines};
pub use verify::verify;
