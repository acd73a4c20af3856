use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::{binary, transposed};
use crate::front::shared::q_linear::{bias, dequantised_times, quantised, scales};
use crate::ir::op_error;
use crate::ir::primitives::{BinaryOp, MatMul};

/// `alpha * A' * B' + C` of quantised matrices, where `'` is an optional transposition; quantised if a scale is given.
pub(super) const Q_GEMM: OperatorDef = OperatorDef {
    name: "QGemm",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "scales and zero points known only at run time; `alpha` of zero and below",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 1.0)?;
        if !(alpha.is_normal() && alpha > 0.0) {
            return Err(op_error(format!("alpha is {alpha}")).help("supported: numbers above zero"));
        }
        let flags = [
            cx.attributes.flag("transA", false)?,
            cx.attributes.flag("transB", false)?,
        ];
        let dtype = cx.ty(0)?.dtype;
        let mut operands = [0; 2].map(|_| None);
        for (operand, transpose) in flags.into_iter().enumerate() {
            let index = operand * 3;
            if cx.ty(index)?.rank() != 2 {
                return Err(op_error(format!(
                    "input {index} must be a matrix, it is {}",
                    cx.ty(index)?
                )));
            }
            // The scales of B lie along the columns of the product.
            let axis = if transpose { 0 } else { 1 };
            let factor = if operand == 0 { alpha } else { 1.0 };
            let value = dequantised_times(cx, index, [index + 1, index + 2], axis, factor)?;
            let perm = if transpose { vec![1, 0] } else { vec![0, 1] };
            operands[operand] = Some(transposed(cx, value, perm)?);
        }
        let operands: Vec<_> = operands.into_iter().flatten().collect();
        let mut y = cx.add(MatMul, &operands)?;
        if cx.has(6) {
            // The bias is measured in the steps of the sums.
            let steps = scales(cx, 1, 4, alpha)?;
            let c = bias(cx, 6, steps)?;
            y = binary(cx, BinaryOp::Add, y, c)?;
        }
        if cx.has(7) {
            Ok(vec![quantised(cx, y, [7, 8], dtype)?])
        } else {
            Ok(vec![y])
        }
    },
};
