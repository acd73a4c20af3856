use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::{Binary, BinaryOp};
use crate::ir::{OpError, ValueId};

/// The sum of any number of operands, with broadcasting from opset 8 on.
pub(super) const SUM: OperatorDef = OperatorDef {
    name: "Sum",
    domain: Domain::Onnx,
    versions: &[6, 8, 13],
    limits: "",
    read: |cx| Ok(vec![chain(cx, BinaryOp::Add)?]),
};

/// All operands joined by `op`, from the first on.
pub(super) fn chain(cx: &mut NodeContext<'_>, op: BinaryOp) -> Result<ValueId, OpError> {
    let mut joined = cx.input(0)?;
    for i in 1..cx.input_count() {
        joined = cx.add(Binary::from(op), &[joined, cx.input(i)?])?;
    }
    Ok(joined)
}
