use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::Reshape;

/// Joins the dimensions before `axis` into one and those from `axis` on into another.
pub(super) const FLATTEN: OperatorDef = OperatorDef {
    name: "Flatten",
    domain: Domain::Onnx,
    versions: &[1, 9, 11, 13, 21, 23, 24, 25],
    limits: "",
    read: |cx| {
        let shape = &cx.ty(0)?.shape;
        let rank = shape.len() as i64;
        let axis = cx.attributes.int("axis", 1)?;
        if !(-rank..=rank).contains(&axis) {
            return Err(op_error(format!("axis {axis} is outside the {rank} dimensions")));
        }
        let (outer, inner) = shape.split_at(if axis < 0 { axis + rank } else { axis } as usize);
        let shape = vec![outer.iter().product(), inner.iter().product()];
        cx.op(Reshape { shape }, &[0])
    },
};
