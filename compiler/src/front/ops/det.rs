use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::ir::DType;
use crate::ir::primitives::Det;

/// Determinants of the matrices in the last two dimensions.
pub(super) const DET: OperatorDef = OperatorDef {
    name: "Det",
    domain: Domain::Onnx,
    versions: &[11, 22],
    limits: "",
    read: |cx| {
        let (x, dtype) = (cx.input(0)?, cx.ty(0)?.dtype);
        let computed = if dtype == DType::F64 { dtype } else { DType::F32 };
        let x = if dtype.is_float() { cast(cx, x, computed)? } else { x };
        let y = cx.add(Det, &[x])?;
        cast(cx, y, dtype).map(|y| vec![y])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn matrices() {
        let det = |x: Tensor| run(22, "Det", &[], &[Given(x)], 1);
        let rows = [0.0, 2.0, 1.0, 3.0, 1.0, 1.0, 0.0, 0.0, 4.0];
        assert_eq!(det(Tensor::f32(&[3, 3], &rows)), Ok(vec![Tensor::f32(&[], &[-24.0])]));
        let singular = [2.0, 4.0, 1.0, 2.0, 0.0, 1.0, -1.0, 0.0];
        assert_eq!(
            det(Tensor::f32(&[2, 2, 2], &singular)),
            Ok(vec![Tensor::f32(&[2], &[0.0, 1.0])])
        );
        assert_eq!(
            det(Tensor::f32(&[2, 0, 0], &[])),
            Ok(vec![Tensor::f32(&[2], &[1.0; 2])])
        );
        let half = Tensor::new(DType::F16, vec![1, 1], vec![0x00, 0x3c]);
        assert_eq!(det(half.clone()), Ok(vec![half.reshaped(&[])]));
        for wrong in [
            Tensor::f32(&[2, 1], &[0.0; 2]),
            Tensor::f32(&[1], &[0.0]),
            Tensor::i32(&[1, 1], &[0]),
        ] {
            assert!(det(wrong).is_err_and(|e| e.contains("no square matrices")));
        }
    }
}
