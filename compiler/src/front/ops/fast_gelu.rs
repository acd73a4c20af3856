use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::{binary, map};
use crate::ir::primitives::BinaryOp;
use crate::ir::{OpError, ValueId};
use runtime_core::function::{AnyFunction, GeluTanh};

/// `Gelu` by its approximation with `tanh`, of the input plus an optional bias.
pub(super) const FAST_GELU: OperatorDef = OperatorDef {
    name: "FastGelu",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "",
    read: |cx| biased(cx, GeluTanh.into()),
};

/// A function of input 0 plus input 1, if it is given.
pub(super) fn biased(cx: &mut NodeContext<'_>, function: AnyFunction) -> Result<Vec<ValueId>, OpError> {
    let mut x = cx.input(0)?;
    if cx.has(1) {
        x = binary(cx, BinaryOp::Add, x, cx.input(1)?)?;
    }
    Ok(vec![map(cx, function, x)?])
}
