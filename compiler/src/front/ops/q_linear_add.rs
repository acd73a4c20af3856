use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::binary;
use crate::front::shared::q_linear::of_two;
use crate::ir::primitives::BinaryOp;

/// The sum of two quantised tensors, quantised.
pub(super) const Q_LINEAR_ADD: OperatorDef = OperatorDef {
    name: "QLinearAdd",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "scales and zero points known only at run time",
    read: |cx| of_two(cx, |cx, a, b| binary(cx, BinaryOp::Add, a, b)),
};
