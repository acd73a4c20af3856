use crate::front::node::{Domain, OperatorDef};

/// The input itself.
pub(super) const IDENTITY: OperatorDef = OperatorDef {
    name: "Identity",
    domain: Domain::Onnx,
    versions: &[1, 13, 14, 16, 19, 21, 23, 24, 25],
    limits: "no optionals",
    read: |cx| {
        let item = cx.item(0)?;
        cx.give(vec![item])
    },
};
