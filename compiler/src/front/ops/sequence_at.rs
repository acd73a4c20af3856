use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::sequences::position;

/// One tensor of a sequence.
pub(super) const SEQUENCE_AT: OperatorDef = OperatorDef {
    name: "SequenceAt",
    domain: Domain::Onnx,
    versions: &[11],
    limits: "`position` must be known at compile time",
    read: |cx| {
        let place = position(cx, 1, cx.sequence(0)?.tensors.len(), false)?;
        Ok(vec![cx.sequence(0)?.tensors[place]])
    },
};
