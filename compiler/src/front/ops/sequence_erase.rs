use crate::front::node::{Domain, Item, OperatorDef};
use crate::front::shared::sequences::position;
use crate::ir::op_error;

/// A sequence without one of its tensors, by default the last.
pub(super) const SEQUENCE_ERASE: OperatorDef = OperatorDef {
    name: "SequenceErase",
    domain: Domain::Onnx,
    versions: &[11],
    limits: "`position` must be known at compile time",
    read: |cx| {
        let mut sequence = cx.sequence(0)?.clone();
        let len = sequence.tensors.len();
        let place = match len.checked_sub(1) {
            Some(_) if cx.has(1) => position(cx, 1, len, false)?,
            Some(last) => last,
            None => return Err(op_error("the sequence is empty")),
        };
        sequence.tensors.remove(place);
        cx.give(vec![Item::Sequence(sequence)])
    },
};
