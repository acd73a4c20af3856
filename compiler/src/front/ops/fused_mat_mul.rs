use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::transposed;
use crate::ir::primitives::MatMul;
use crate::ir::{OpError, ValueId, op_error};

/// `alpha * A' * B'`, where `'` is an optional transposition, of the last two dimensions or of the first to the place
/// before the last.
pub(super) const FUSED_MAT_MUL: OperatorDef = OperatorDef {
    name: "FusedMatMul",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 1.0)?;
        let a = operand(cx, 0, ["transA", "transBatchA"])?;
        let b = operand(cx, 1, ["transB", "transBatchB"])?;
        let product = cx.add(MatMul, &[a, b])?;
        Ok(vec![cx.scaled(product, alpha)?])
    },
};

fn operand(cx: &mut NodeContext<'_>, index: usize, [matrix, batch]: [&'static str; 2]) -> Result<ValueId, OpError> {
    let (value, ty) = (cx.input(index)?, cx.ty(index)?);
    let (matrix, batch) = (cx.attributes.flag(matrix, false)?, cx.attributes.flag(batch, false)?);
    let rank = ty.rank();
    let mut perm: Vec<usize> = (0..rank).collect();
    if rank < 2 {
        return Ok(value);
    }
    if batch && rank < 3 {
        return Err(op_error(format!(
            "input {index} is {ty}, which has no batch to transpose"
        )));
    }
    if batch {
        perm[..rank - 1].rotate_left(1);
    }
    if matrix {
        perm.swap(rank - 2, rank - 1);
    }
    transposed(cx, value, perm)
}
