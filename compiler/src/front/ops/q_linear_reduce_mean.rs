use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::reduce;
use crate::front::shared::normalization::reshaped;
use crate::front::shared::q_linear::of_one;
use crate::ir::primitives::ReduceOp;

/// The means of a quantised tensor along axes, quantised.
pub(super) const Q_LINEAR_REDUCE_MEAN: OperatorDef = OperatorDef {
    name: "QLinearReduceMean",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "scales and zero points known only at run time",
    read: |cx| {
        let ty = cx.ty(0)?;
        let keepdims = cx.attributes.flag("keepdims", true)?;
        let axes = match cx.attributes.ints("axes")? {
            Some(axes) => ty.axes(&axes)?,
            None => (0..ty.rank()).collect(),
        };
        of_one(cx, |cx, x| {
            let y = reduce(cx, ReduceOp::Mean, x, axes.clone())?;
            if keepdims {
                return Ok(y);
            }
            let kept = (0..ty.rank())
                .filter(|axis| !axes.contains(axis))
                .map(|axis| ty.shape[axis]);
            reshaped(cx, y, &kept.collect::<Vec<_>>())
        })
    },
};
