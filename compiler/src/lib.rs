//! Compiles ONNX models to standalone Rust for boards and microcontrollers.
//!
//! [`front`] reads a model into the graph of [`ir`]; [`middle`] rewrites the graph and makes integers of it; [`back`]
//! lowers it to kernel calls, plans their memory, and prints them as source or runs them on the host. Imports run one
//! way only: each of these may use those named after it in [`front`] -> [`middle`] -> [`back`] -> [`ir`]. [`machine`]
//! is what the code is for. [`tools`] stand around the pipeline, and [`Compiler`] is the pipeline.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "what tests expect is not emitted"))]

pub mod back;
mod compiler;
pub mod data;
mod error;
pub mod front;
pub mod ir;
pub mod machine;
pub mod middle;
#[cfg(feature = "report")]
pub mod page;
pub mod tools;
pub mod words;

pub use edgec_bindings as bindings;

pub use back::Report;
pub use back::emit::WeightsMode as Weights;
pub use compiler::{Compiled, Compiler, InputLayout, TimedWay, TunedLayer, Tuning};
pub use error::{Error, OperatorProblem};
pub use ir::{Remark, RemarkKind};
pub use machine::Machine;
pub use middle::train::{Init, Loss, Optimizer, TrainOptions};
pub use tools::prune_report::{Cost, LayerReport, PruneReport};
