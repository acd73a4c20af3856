use crate::front::node::{Domain, OperatorDef};
use crate::ir::Tensor;

/// The dimensions from `start` to `end`: a constant.
pub(super) const SHAPE: OperatorDef = OperatorDef {
    name: "Shape",
    domain: Domain::Onnx,
    versions: &[1, 13, 15, 19, 21, 23, 24, 25],
    limits: "",
    read: |cx| {
        let shape = cx.ty(0)?.shape;
        let rank = shape.len() as i64;
        let [start, end] = [cx.attributes.int("start", 0)?, cx.attributes.int("end", rank)?]
            .map(|at| if at < 0 { at.saturating_add(rank) } else { at }.clamp(0, rank) as usize);
        let dims: Vec<i64> = shape[start..end.max(start)].iter().map(|dim| *dim as i64).collect();
        Ok(vec![cx.add_constant(Tensor::i64(&[dims.len()], &dims))])
    },
};
