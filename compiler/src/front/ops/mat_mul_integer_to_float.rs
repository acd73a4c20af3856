use super::mat_mul_integer::{product, scaled};
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::reshaped;
use crate::ir::primitives::{Binary, BinaryOp};

/// The product of two matrices of 8-bit integers that stand for floats, in floats; plus an optional bias.
pub(super) const MAT_MUL_INTEGER_TO_FLOAT: OperatorDef = OperatorDef {
    name: "MatMulIntegerToFloat",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "",
    read: |cx| {
        let product = product(cx, [0, 1], [4, 5])?;
        let (a, b) = (product.parameter(cx, 2, 0)?, product.parameter(cx, 3, 1)?);
        let scale = cx.add(Binary::from(BinaryOp::Mul), &[a, b])?;
        let y = scaled(cx, product.value, scale, 6)?;
        Ok(vec![reshaped(cx, y, &product.shape)?])
    },
};
