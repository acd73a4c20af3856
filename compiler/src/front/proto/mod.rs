//! ONNX's protobuf messages as Rust types: the schema of IR version 14 (`onnx-ml.proto` of onnx 1.23.2).
//!
//! The types are committed, so building needs neither `protoc` nor a build script; `README.md` in this folder gives the
//! command that makes them. Nothing here interprets a model: [`crate::front::load`] does.

#[allow(missing_docs)]
mod onnx;

pub use onnx::*;
