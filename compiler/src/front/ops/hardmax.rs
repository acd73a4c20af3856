use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::indexing::one_hot;
use crate::ir::primitives::{ArgReduce, Reshape};
use crate::ir::{OpError, ValueId};

/// One where the greatest element along `axis` is, the first of equal ones, and zero elsewhere; before opset 13 over
/// all dimensions from `axis` on together.
pub(super) const HARDMAX: OperatorDef = OperatorDef {
    name: "Hardmax",
    domain: Domain::Onnx,
    versions: &[1, 11, 13],
    limits: "",
    read: |cx| {
        let (x, ty) = (cx.input(0)?, cx.ty(0)?);
        let joined = cx.opset() < 13;
        let axis = ty.axis(cx.attributes.int("axis", if joined { 1 } else { -1 })?)?;
        if ty.is_empty() {
            return Ok(vec![x]);
        }
        if !joined {
            return hardmax(cx, x, axis).map(|y| vec![y]);
        }
        let rows = vec![ty.shape[..axis].iter().product(), ty.shape[axis..].iter().product()];
        let x = cx.add(Reshape { shape: rows }, &[x])?;
        let y = hardmax(cx, x, 1)?;
        cx.add(Reshape { shape: ty.shape }, &[y]).map(|y| vec![y])
    },
};

fn hardmax(cx: &mut NodeContext<'_>, x: ValueId, axis: usize) -> Result<ValueId, OpError> {
    let ty = cx.value_ty(x).clone();
    let search = ArgReduce {
        axis,
        greatest: true,
        last: false,
    };
    let place = cx.add(search, &[x])?;
    let values = [0.0, 1.0].map(|value| cx.scalar(ty.dtype, value));
    one_hot(cx, place, &ty.shape, axis, values)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run};
    use crate::ir::Tensor;

    #[test]
    fn old_versions_join_the_dimensions_from_the_axis_on() {
        let x = || Given(Tensor::f32(&[1, 2, 2], &[1.0, 3.0, 3.0, 2.0]));
        let y = |values: [f32; 4]| Ok(vec![Tensor::f32(&[1, 2, 2], &values)]);
        assert_eq!(run(11, "Hardmax", &[], &[x()], 1), y([0.0, 1.0, 0.0, 0.0]));
        assert_eq!(run(13, "Hardmax", &[], &[x()], 1), y([0.0, 1.0, 1.0, 0.0]));
        assert_eq!(
            run(13, "Hardmax", &[int("axis", 1)], &[x()], 1),
            y([0.0, 1.0, 1.0, 0.0])
        );
    }
}
