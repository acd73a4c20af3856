use super::conv::convolution;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::transposed;
use crate::front::shared::normalization::cast;
use crate::ir::op_error;

/// A convolution of images that are channels-last; its weights are as those of `Conv`.
pub(super) const NHWC_CONV: OperatorDef = OperatorDef {
    name: "NhwcConv",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let (x, ty) = (cx.input(0)?, cx.ty(0)?);
        if ty.rank() < 3 {
            return Err(op_error(format!(
                "the input {ty} must have a batch, spatial axes and channels"
            )));
        }
        let last = ty.rank() - 1;
        let to_first = [0, last].into_iter().chain(1..last).collect();
        let to_last = std::iter::once(0).chain(2..=last).chain([1]).collect();
        let x = transposed(cx, x, to_first)?;
        let y = convolution(cx, x)?;
        let y = transposed(cx, y, to_last)?;
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};
