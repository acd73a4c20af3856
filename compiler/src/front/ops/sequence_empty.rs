use crate::front::load;
use crate::front::node::{Domain, Item, OperatorDef, Sequence};
use crate::ir::op_error;

/// A sequence without tensors.
pub(super) const SEQUENCE_EMPTY: OperatorDef = OperatorDef {
    name: "SequenceEmpty",
    domain: Domain::Onnx,
    versions: &[11],
    limits: "sequences are resolved at compile time",
    read: |cx| {
        let number = cx.attributes.int("dtype", 1)?;
        let dtype = i32::try_from(number).ok().and_then(load::dtype);
        let dtype = dtype.ok_or_else(|| op_error(format!("attribute `dtype` is {number}, which is not supported")))?;
        let tensors = vec![];
        cx.give(vec![Item::Sequence(Sequence { dtype, tensors })])
    },
};
