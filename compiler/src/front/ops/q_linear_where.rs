use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::q_linear::{dequantised, quantised};
use crate::ir::op_error;
use crate::ir::primitives::Select;

/// One of two quantised tensors where a condition holds, the other elsewhere, quantised.
pub(super) const Q_LINEAR_WHERE: OperatorDef = OperatorDef {
    name: "QLinearWhere",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "scales and zero points known only at run time",
    read: |cx| {
        let dtype = cx.ty(1)?.dtype;
        if cx.ty(4)?.dtype != dtype {
            return Err(op_error(format!("inputs {} and {} do not fit", cx.ty(1)?, cx.ty(4)?)));
        }
        let condition = cx.input(0)?;
        let (x, y) = (dequantised(cx, 1, [2, 3], 0)?, dequantised(cx, 4, [5, 6], 0)?);
        let z = cx.add(Select, &[condition, x, y])?;
        Ok(vec![quantised(cx, z, [7, 8], dtype)?])
    },
};
