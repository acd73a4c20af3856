use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::{Expand, broadcast};

/// Broadcasts to `shape`, in which a 1 keeps a larger dimension.
pub(super) const EXPAND: OperatorDef = OperatorDef {
    name: "Expand",
    domain: Domain::Onnx,
    versions: &[8, 13],
    limits: "`shape` must be known at compile time",
    read: |cx| {
        let wanted = cx.ints(1, "shape")?;
        let wanted: Option<Vec<usize>> = wanted.iter().map(|dim| usize::try_from(*dim).ok()).collect();
        let wanted = wanted.ok_or_else(|| op_error("`shape` has a negative dimension"))?;
        let from = cx.ty(0)?.shape;
        let shape = broadcast(&from, &wanted)?;
        if shape == from {
            return Ok(vec![cx.input(0)?]);
        }
        cx.op(Expand { shape }, &[0])
    },
};
