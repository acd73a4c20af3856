use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::Reshape;

/// Inserts dimensions of 1 at `axes` of the output. The axes are an attribute before opset 13.
pub(super) const UNSQUEEZE: OperatorDef = OperatorDef {
    name: "Unsqueeze",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 21, 23, 24, 25],
    limits: "`axes` must be known at compile time",
    read: |cx| {
        let ty = cx.ty(0)?;
        let axes = cx.ints_of(1, "axes")?.ok_or_else(|| op_error("`axes` is missing"))?;
        let mut dims = ty.shape.iter().copied();
        let inserted = ty.with_shape(vec![1; ty.rank() + axes.len()]).axes(&axes)?;
        let shape = (0..ty.rank() + axes.len())
            .map(|axis| {
                if inserted.contains(&axis) {
                    1
                } else {
                    dims.next().unwrap_or(1)
                }
            })
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
        let x = || Given(Tensor::f32(&[2], &[1.0, 2.0]));
        let old = run(11, "Unsqueeze", &[ints("axes", &[0, -1])], &[x()], 1);
        let new = run(13, "Unsqueeze", &[], &[x(), Known(Tensor::i64(&[2], &[-1, 0]))], 1);
        assert_eq!(old, Ok(vec![Tensor::f32(&[1, 2, 1], &[1.0, 2.0])]));
        assert_eq!(new, old);
        assert!(run(13, "Unsqueeze", &[], &[x()], 1).is_err_and(|e| e.contains("`axes` is missing")));
        assert!(run(11, "Unsqueeze", &[ints("axes", &[0, -3])], &[x()], 1).is_err_and(|e| e.contains("named twice")));
    }
}
