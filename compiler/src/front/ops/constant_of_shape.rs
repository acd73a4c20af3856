use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::Expand;
use crate::ir::{DType, Tensor, op_error};

/// A tensor of the given shape, all elements `value`. Filled at run time if it is large.
pub(super) const CONSTANT_OF_SHAPE: OperatorDef = OperatorDef {
    name: "ConstantOfShape",
    domain: Domain::Onnx,
    versions: &[9, 20, 21, 23, 24, 25],
    limits: "the shape must be known at compile time",
    read: |cx| {
        let shape: Option<Vec<usize>> = cx
            .ints(0, "input")?
            .iter()
            .map(|dim| usize::try_from(*dim).ok())
            .collect();
        let shape = shape.ok_or_else(|| op_error("`input` has a negative dimension"))?;
        let value = cx
            .attributes
            .tensor("value")?
            .unwrap_or_else(|| Tensor::scalar(DType::F32, 0.0));
        if value.len() != 1 {
            return Err(op_error(format!(
                "attribute `value` is {}, it must be one element",
                value.ty()
            )));
        }
        let value = cx.add_constant(value.reshaped(&[]));
        Ok(vec![cx.add(Expand { shape }, &[value])?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Known, run};
    use crate::ir::Tensor;

    #[test]
    fn large_tensors_are_refused() {
        let shape = |dims: &[i64]| [Known(Tensor::i64(&[dims.len()], dims))];
        assert_eq!(
            run(9, "ConstantOfShape", &[], &shape(&[2]), 1),
            Ok(vec![Tensor::f32(&[2], &[0.0, 0.0])])
        );
        assert_eq!(
            run(9, "ConstantOfShape", &[], &shape(&[0, 3]), 1),
            Ok(vec![Tensor::f32(&[0, 3], &[])])
        );
        for wrong in [&[1 << 40][..], &[i64::MAX, i64::MAX], &[0, i64::MAX]] {
            assert!(
                run(9, "ConstantOfShape", &[], &shape(wrong), 1).is_err_and(|e| e.contains("GiB")),
                "{wrong:?}"
            );
        }
    }
}
