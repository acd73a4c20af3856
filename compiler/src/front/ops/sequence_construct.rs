use crate::front::node::{Domain, Item, OperatorDef, Sequence};
use crate::ir::op_error;

/// The inputs as a sequence.
pub(super) const SEQUENCE_CONSTRUCT: OperatorDef = OperatorDef {
    name: "SequenceConstruct",
    domain: Domain::Onnx,
    versions: &[11],
    limits: "sequences are resolved at compile time",
    read: |cx| {
        let dtype = cx.ty(0)?.dtype;
        let mut tensors = vec![];
        for index in 0..cx.input_count() {
            let ty = cx.ty(index)?;
            if ty.dtype != dtype {
                return Err(op_error(format!("input {index} is {ty} in a sequence of {dtype}")));
            }
            tensors.push(cx.input(index)?);
        }
        cx.give(vec![Item::Sequence(Sequence { dtype, tensors })])
    },
};
