//! Random operators and models against ONNX Runtime and ONNX's reference evaluator; memory plans of random programs.

mod estimators;
mod nodes;
mod plans;
mod ptq;
