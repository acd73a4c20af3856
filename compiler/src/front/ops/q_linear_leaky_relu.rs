use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::map;
use crate::front::shared::q_linear::of_one;
use runtime_core::function::LeakyRelu;

/// `x` where not negative, else `alpha * x`, of a quantised tensor, quantised.
pub(super) const Q_LINEAR_LEAKY_RELU: OperatorDef = OperatorDef {
    name: "QLinearLeakyRelu",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "scales and zero points known only at run time",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 0.01)?;
        of_one(cx, |cx, x| map(cx, LeakyRelu { alpha }, x))
    },
};
