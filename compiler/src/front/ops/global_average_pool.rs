use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::{Reduce, ReduceOp};
use crate::ir::{OpError, ValueId, op_error};

/// The mean of each channel of each image.
pub(super) const GLOBAL_AVERAGE_POOL: OperatorDef = OperatorDef {
    name: "GlobalAveragePool",
    domain: Domain::Onnx,
    versions: &[1, 22],
    limits: "",
    read: |cx| read(cx, ReduceOp::Mean),
};

/// Reads a pool whose window is the whole image.
pub(super) fn read(cx: &mut NodeContext<'_>, op: ReduceOp) -> Result<Vec<ValueId>, OpError> {
    let x = cx.ty(0)?;
    if x.rank() < 2 || !x.dtype.is_float() {
        return Err(op_error(format!(
            "the input {x} must hold floats and have a batch and channels"
        )));
    }
    cx.op(
        Reduce {
            op,
            axes: (2..x.rank()).collect(),
        },
        &[0],
    )
}
