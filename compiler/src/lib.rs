//! Compiles ONNX models to standalone Rust for boards and microcontrollers.
//!
//! decode ([`load`]) -> import ([`import`]) -> run passes ([`passes`]) -> lower ([`lower`]) -> plan ([`plan`]) -> emit
//! ([`emit`]); the host runs the same program through the same kernels ([`exec`]).
#![forbid(unsafe_code)]

mod compiler;
pub mod emit;
mod error;
pub mod eval;
pub mod exec;
pub mod fold;
pub mod harness;
pub mod import;
pub mod inspect;
pub mod ir;
pub mod load;
pub mod lower;
mod npy;
pub mod npz;
pub mod ops;
pub mod passes;
pub mod plan;
pub mod primitives;
pub mod program;
pub mod proto;
mod prune_report;
pub mod quantize;
pub mod samples;
mod summary;
pub mod tensor_file;

pub use edgec_bindings as bindings;

pub use compiler::{Compiled, Compiler, Target};
pub use emit::WeightsMode as Weights;
pub use error::{Error, OperatorProblem};
pub use prune_report::{Cost, LayerReport, PruneReport};
pub use summary::Summary;
