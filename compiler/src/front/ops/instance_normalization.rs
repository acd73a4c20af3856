use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::{cast, channels_last, in_f32};
use crate::ir::op_error;
use crate::ir::primitives::GroupNormalization;

/// Normalises each channel of each image, then scales and shifts it.
pub(super) const INSTANCE_NORMALIZATION: OperatorDef = OperatorDef {
    name: "InstanceNormalization",
    domain: Domain::Onnx,
    versions: &[1, 6, 22],
    limits: "computed in float32",
    read: |cx| {
        let epsilon = cx.attributes.float("epsilon", 1e-5)?;
        cx.attributes.ignore("consumed_inputs");
        let ty = cx.ty(0)?;
        let Some(groups) = ty.shape.get(1).copied() else {
            return Err(op_error(format!("the input {ty} must have a batch and channels")));
        };
        let (x, scale, bias) = (in_f32(cx, 0)?, in_f32(cx, 1)?, in_f32(cx, 2)?);
        let y = channels_last(cx, x, |cx, x| {
            cx.add(GroupNormalization { groups, epsilon }, &[x, scale, bias])
        })?;
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};
