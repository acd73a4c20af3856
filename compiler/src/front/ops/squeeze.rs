use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::Reshape;

/// Removes the dimensions `axes`, which are 1, or all that are. The axes are an attribute before opset 13.
pub(super) const SQUEEZE: OperatorDef = OperatorDef {
    name: "Squeeze",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 21, 23, 24, 25],
    limits: "`axes` must be known at compile time",
    read: |cx| {
        let ty = cx.ty(0)?;
        let removed: Vec<usize> = match cx.ints_of(1, "axes")? {
            Some(axes) => ty.axes(&axes)?,
            None => (0..ty.rank()).filter(|axis| ty.shape[*axis] == 1).collect(),
        };
        if let Some(axis) = removed.iter().find(|axis| ty.shape[**axis] != 1) {
            return Err(op_error(format!("axis {axis} of {ty} is not 1")));
        }
        let shape = (0..ty.rank())
            .filter(|axis| !removed.contains(axis))
            .map(|axis| ty.shape[axis])
            .collect();
        cx.op(Reshape { shape }, &[0])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, ints, run};
    use crate::ir::Tensor;

    #[test]
    fn axes_move_from_attribute_to_input() {
        let x = || Given(Tensor::f32(&[1, 2, 1], &[1.0, 2.0]));
        let old = run(11, "Squeeze", &[ints("axes", &[-1])], &[x()], 1);
        let new = run(13, "Squeeze", &[], &[x(), Known(Tensor::i64(&[1], &[-1]))], 1);
        assert_eq!(old, Ok(vec![Tensor::f32(&[1, 2], &[1.0, 2.0])]));
        assert_eq!(new, old);
        assert_eq!(
            run(13, "Squeeze", &[], &[x()], 1),
            Ok(vec![Tensor::f32(&[2], &[1.0, 2.0])])
        );
        let wrong = run(13, "Squeeze", &[], &[x(), Known(Tensor::i64(&[1], &[1]))], 1);
        assert!(wrong.is_err_and(|e| e.contains("is not 1")));
    }
}
