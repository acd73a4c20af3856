use super::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::primitives::Tile;

/// Repeats the whole tensor along each dimension.
pub(super) const TILE: OperatorDef = OperatorDef {
    name: "Tile",
    domain: Domain::Onnx,
    versions: &[6, 13],
    limits: "`repeats` must be known at compile time",
    read: |cx| {
        let repeats = cx.ints(1, "repeats")?;
        let repeats: Option<Vec<usize>> = repeats.iter().map(|repeat| usize::try_from(*repeat).ok()).collect();
        let repeats = repeats.ok_or_else(|| op_error("`repeats` holds a negative number"))?;
        cx.op(Tile { repeats }, &[0])
    },
};
