use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::softmax;
use crate::ir::primitives::Reshape;
use crate::ir::{OpError, ValueId};

/// Probabilities from scores; before opset 13 over all dimensions from `axis` on together.
pub(super) const SOFTMAX: OperatorDef = OperatorDef {
    name: "Softmax",
    domain: Domain::Onnx,
    versions: &[1, 11, 13],
    limits: "",
    read: |cx| read(cx, false),
};

/// Reads `Softmax` or `LogSoftmax`.
pub(super) fn read(cx: &mut NodeContext<'_>, log: bool) -> Result<Vec<ValueId>, OpError> {
    let (x, opset) = (cx.input(0)?, cx.opset());
    Ok(vec![of_version(cx, x, opset, log)?])
}

/// The softmax of `x`, or its logarithm, as the attributes and an opset have it.
pub(super) fn of_version(cx: &mut NodeContext<'_>, x: ValueId, opset: i64, log: bool) -> Result<ValueId, OpError> {
    let ty = cx.value_ty(x).clone();
    if opset >= 13 {
        let axis = ty.axis(cx.attributes.int("axis", -1)?)?;
        return softmax(cx, x, axis, log);
    }
    let axis = ty.axis(cx.attributes.int("axis", 1)?)?;
    let rest = &ty.shape[axis..];
    if rest.first().is_some_and(|size| *size == rest.iter().product::<usize>()) {
        return softmax(cx, x, axis, log);
    }
    let rows = vec![ty.shape[..axis].iter().product(), rest.iter().product()];
    let x = cx.add(Reshape { shape: rows }, &[x])?;
    let y = softmax(cx, x, 1, log)?;
    cx.add(Reshape { shape: ty.shape }, &[y])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run};
    use crate::ir::Tensor;

    #[test]
    fn old_versions_join_the_dimensions_from_the_axis_on() {
        let x = || Given(Tensor::f32(&[1, 2, 2], &[0.0; 4]));
        assert_eq!(
            run(11, "Softmax", &[], &[x()], 1),
            Ok(vec![Tensor::f32(&[1, 2, 2], &[0.25; 4])])
        );
        assert_eq!(
            run(13, "Softmax", &[], &[x()], 1),
            Ok(vec![Tensor::f32(&[1, 2, 2], &[0.5; 4])])
        );
        assert!(run(13, "Softmax", &[int("axis", 3)], &[x()], 1).is_err());
    }

    #[test]
    fn no_rows() {
        let empty = || Tensor::f32(&[0, 3], &[]);
        assert_eq!(run(13, "Softmax", &[], &[Given(empty())], 1), Ok(vec![empty()]));
        assert_eq!(
            run(13, "LogSoftmax", &[int("axis", 0)], &[Given(empty())], 1),
            Ok(vec![empty()])
        );
    }
}
