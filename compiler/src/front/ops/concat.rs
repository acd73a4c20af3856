use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::Concat;

/// Tensors one after another along `axis`, which is 1 by default before opset 4.
pub(super) const CONCAT: OperatorDef = OperatorDef {
    name: "Concat",
    domain: Domain::Onnx,
    versions: &[1, 4, 11, 13],
    limits: "",
    read: |cx| {
        let axis = if cx.opset() < 4 {
            cx.attributes.int("axis", 1)?
        } else {
            cx.attributes.required_int("axis")?
        };
        let axis = cx.ty(0)?.axis(axis)?;
        if cx.input_count() == 1 {
            return Ok(vec![cx.input(0)?]);
        }
        let inputs: Vec<usize> = (0..cx.input_count()).collect();
        cx.op(Concat { axis }, &inputs)
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run};
    use crate::ir::Tensor;

    #[test]
    fn the_axis_had_a_default() {
        let x = || [Given(Tensor::f32(&[1, 1], &[1.0])), Given(Tensor::f32(&[1, 1], &[2.0]))];
        let row = Ok(vec![Tensor::f32(&[1, 2], &[1.0, 2.0])]);
        assert_eq!(run(1, "Concat", &[], &x(), 1), row);
        assert!(run(4, "Concat", &[], &x(), 1).is_err_and(|e| e.contains("`axis` is missing")));
        assert_eq!(run(4, "Concat", &[int("axis", -1)], &x(), 1), row);
    }
}
