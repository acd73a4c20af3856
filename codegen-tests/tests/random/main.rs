//! Random operators and models against ONNX Runtime and ONNX's reference evaluator.

mod estimators;
mod nodes;
mod ptq;
