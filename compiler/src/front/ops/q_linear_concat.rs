use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::q_linear::{dequantised, quantised};
use crate::ir::op_error;
use crate::ir::primitives::Concat;

/// Quantised tensors one after another, of one scale.
pub(super) const Q_LINEAR_CONCAT: OperatorDef = OperatorDef {
    name: "QLinearConcat",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "scales and zero points known only at run time",
    read: |cx| {
        let count = cx.input_count().saturating_sub(2);
        if count == 0 || !count.is_multiple_of(3) {
            return Err(op_error(format!(
                "{count} inputs follow the scale and the zero point of the result, they must be threes of tensor, scale and zero point"
            )));
        }
        let ty = cx.ty(2)?;
        let axis = ty.axis(cx.attributes.required_int("axis")?)?;
        let tensors = (2..cx.input_count()).step_by(3);
        let tensors = tensors.map(|index| dequantised(cx, index, [index + 1, index + 2], 0));
        let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
        let y = cx.add(Concat { axis }, &tensors)?;
        Ok(vec![quantised(cx, y, [0, 1], ty.dtype)?])
    },
};
