//! From the bytes of an ONNX file to a [`Graph`](crate::ir::Graph): decode, check, read each node by its operator.

pub mod import;
pub mod load;
pub mod node;
pub mod ops;
pub mod proto;
mod shared;
#[cfg(test)]
mod testing;
