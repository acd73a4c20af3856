use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::Transpose;

/// Dimensions in the order `perm`, by default reversed.
pub(super) const TRANSPOSE: OperatorDef = OperatorDef {
    name: "Transpose",
    domain: Domain::Onnx,
    versions: &[1, 13, 21, 23, 24, 25],
    limits: "",
    read: |cx| {
        let perm = match cx.attributes.ints("perm")? {
            None => (0..cx.ty(0)?.rank()).rev().collect(),
            Some(perm) => perm
                .iter()
                .map(|p| usize::try_from(*p).map_err(|_| op_error(format!("attribute `perm` holds {p}"))))
                .collect::<Result<_, _>>()?,
        };
        cx.op(Transpose { perm }, &[0])
    },
};
