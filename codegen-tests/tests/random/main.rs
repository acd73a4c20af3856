//! Random operators and models against ONNX Runtime and ONNX's reference evaluator; memory plans of random programs.

mod estimators;
mod nodes;
mod plans;
mod ptq;
#[path = "../../../compiler/tests/shared/seeds.rs"]
#[expect(unreachable_pub, reason = "other programs of tests use this file too")]
mod seeds;
