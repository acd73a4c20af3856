use super::q_linear_average_pool::channels_first;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::reduce;
use crate::front::shared::q_linear::of_one;
use crate::ir::primitives::ReduceOp;

/// The mean of each channel of each quantised image, quantised.
pub(super) const Q_LINEAR_GLOBAL_AVERAGE_POOL: OperatorDef = OperatorDef {
    name: "QLinearGlobalAveragePool",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "scales and zero points known only at run time; `channels_last`",
    read: |cx| {
        channels_first(cx)?;
        let axes = (2..cx.ty(0)?.rank()).collect();
        of_one(cx, |cx, x| reduce(cx, ReduceOp::Mean, x, axes))
    },
};
