use crate::front::node::{Domain, Item, OperatorDef};
use crate::front::shared::sequences::{bound, position};
use crate::ir::op_error;

/// A sequence with one more tensor, at the end or before a position.
pub(super) const SEQUENCE_INSERT: OperatorDef = OperatorDef {
    name: "SequenceInsert",
    domain: Domain::Onnx,
    versions: &[11],
    limits: "`position` must be known at compile time",
    read: |cx| {
        let mut sequence = cx.sequence(0)?.clone();
        let (value, ty) = (cx.input(1)?, cx.ty(1)?);
        let len = sequence.tensors.len();
        bound(len)?;
        if ty.dtype != sequence.dtype {
            return Err(op_error(format!(
                "input 1 is {ty} for a sequence of {}",
                sequence.dtype
            )));
        }
        let place = if cx.has(2) { position(cx, 2, len, true)? } else { len };
        sequence.tensors.insert(place, value);
        cx.give(vec![Item::Sequence(sequence)])
    },
};
