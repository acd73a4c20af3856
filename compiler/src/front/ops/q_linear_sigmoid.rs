use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::map;
use crate::front::shared::q_linear::of_one;
use runtime_core::function::Sigmoid;

/// `1 / (1 + e^-x)` of a quantised tensor, quantised.
pub(super) const Q_LINEAR_SIGMOID: OperatorDef = OperatorDef {
    name: "QLinearSigmoid",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "scales and zero points known only at run time",
    read: |cx| of_one(cx, |cx, x| map(cx, Sigmoid, x)),
};
