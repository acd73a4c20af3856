use super::conv::convolution;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::binary;
use crate::front::shared::fused_activation;
use crate::front::shared::normalization::cast;
use crate::front::shared::window::in_float;
use crate::ir::op_error;
use crate::ir::primitives::BinaryOp;

/// A convolution, plus a tensor of the result's shape, and a function of each element.
pub(super) const FUSED_CONV: OperatorDef = OperatorDef {
    name: "FusedConv",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let x = cx.input(0)?;
        let mut y = convolution(cx, x)?;
        if cx.has(3) {
            let z = cx.input(3)?;
            let (z_ty, y_ty) = (cx.value_ty(z), cx.value_ty(y));
            if z_ty.shape != y_ty.shape {
                return Err(op_error(format!("input 3 is {z_ty}, but the convolution gives {y_ty}")));
            }
            let z = in_float(cx, z)?;
            y = binary(cx, BinaryOp::Add, y, z)?;
        }
        y = fused_activation::of_params(cx, y)?;
        Ok(vec![cast(cx, y, cx.ty(0)?.dtype)?])
    },
};
