use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::{ArgReduce, Reshape};
use crate::ir::{OpError, ValueId};

/// The place of the greatest element along an axis.
pub(super) const ARG_MAX: OperatorDef = OperatorDef {
    name: "ArgMax",
    domain: Domain::Onnx,
    versions: &[1, 11, 12, 13],
    limits: "",
    read: |cx| read(cx, true),
};

/// Reads `ArgMax` or `ArgMin`.
pub(super) fn read(cx: &mut NodeContext<'_>, greatest: bool) -> Result<Vec<ValueId>, OpError> {
    let axis = cx.attributes.int("axis", 0)?;
    let keepdims = cx.attributes.flag("keepdims", true)?;
    let last = cx.attributes.flag("select_last_index", false)?;
    let ty = cx.ty(0)?;
    let axis = ty.axis(axis)?;
    let x = cx.input(0)?;
    let mut y = cx.add(ArgReduce { axis, greatest, last }, &[x])?;
    if !keepdims {
        let mut shape = ty.shape;
        shape.remove(axis);
        y = cx.add(Reshape { shape }, &[y])?;
    }
    Ok(vec![y])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run};
    use crate::ir::Tensor;

    #[test]
    fn which_of_equal_elements() {
        let x = || Given(Tensor::f32(&[1, 3], &[1.0, 0.0, 1.0]));
        let axis = int("axis", 1);
        assert_eq!(
            run(11, "ArgMax", std::slice::from_ref(&axis), &[x()], 1),
            Ok(vec![Tensor::i64(&[1, 1], &[0])])
        );
        let last = [axis, int("select_last_index", 1), int("keepdims", 0)];
        assert_eq!(run(12, "ArgMax", &last, &[x()], 1), Ok(vec![Tensor::i64(&[1], &[2])]));
        let none = Given(Tensor::f32(&[0, 3], &[]));
        assert!(run(13, "ArgMin", &[], &[none], 1).is_err_and(|e| e.contains("no elements")));
    }
}
