use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::{Gather, Reshape, Slice};
use crate::ir::{OpError, Tensor, ValueId};

/// Slices picked by index along `axis`; negative indices count from the end.
pub(super) const GATHER: OperatorDef = OperatorDef {
    name: "Gather",
    domain: Domain::Onnx,
    versions: &[1, 11, 13],
    limits: "",
    read: |cx| {
        let axis = cx.attributes.int("axis", 0)?;
        let axis = cx.ty(0)?.axis(axis)?;
        if let Some([index]) = cx.constant(1).and_then(Tensor::to_i64).as_deref()
            && let Some(value) = single(cx, axis, *index)?
        {
            return Ok(vec![value]);
        }
        cx.op(Gather { axis }, &[0, 1])
    },
};

/// The slice at one index, often a view; `None` where the index is wrong.
fn single(cx: &mut NodeContext<'_>, axis: usize, index: i64) -> Result<Option<ValueId>, OpError> {
    let shape = cx.ty(0)?.shape;
    let size = shape[axis] as i64;
    let start = if index < 0 { index.saturating_add(size) } else { index };
    if !(0..size).contains(&start) {
        return Ok(None);
    }
    let shape_y = [&shape[..axis], &cx.ty(1)?.shape, &shape[axis + 1..]].concat();
    let slice = cx.add(Slice::along(&shape, axis, start as usize, 1), &[cx.input(0)?])?;
    cx.add(Reshape { shape: shape_y }, &[slice]).map(Some)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::Tensor;

    #[test]
    fn indices_are_checked() {
        let x = || Given(Tensor::f32(&[2, 2], &[1.0, 2.0, 3.0, 4.0]));
        let gather = |index: Tensor| run(13, "Gather", &[int("axis", 1)], &[x(), Known(index)], 1);
        assert_eq!(
            gather(Tensor::i64(&[], &[-1])),
            Ok(vec![Tensor::f32(&[2], &[2.0, 4.0])])
        );
        assert_eq!(
            gather(Tensor::i32(&[1, 2], &[1, -2])),
            Ok(vec![Tensor::f32(&[2, 1, 2], &[2.0, 1.0, 4.0, 3.0])])
        );
        for wrong in [
            Tensor::i64(&[], &[2]),
            Tensor::i64(&[2], &[0, -3]),
            Tensor::f32(&[], &[0.0]),
        ] {
            assert!(gather(wrong.clone()).is_err(), "{wrong:?}");
        }
    }
}
