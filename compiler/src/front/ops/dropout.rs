use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::Expand;
use crate::ir::{DType, op_error};

/// In inference the input itself, with a mask of ones (of the input's type before opset 10).
pub(super) const DROPOUT: OperatorDef = OperatorDef {
    name: "Dropout",
    domain: Domain::Onnx,
    versions: &[1, 6, 7, 10, 12, 13, 22],
    limits: "inference only",
    read: |cx| {
        cx.attributes.ignore("ratio");
        cx.attributes.ignore("seed");
        cx.attributes.ignore("consumed_inputs");
        let training = cx.opset() < 7 && !cx.attributes.flag("is_test", false)?;
        let is_zero = |index, name| Ok(cx.known(index, name)?.scalar_f64() == Some(0.0));
        let training = training || cx.has(2) && !is_zero(2, "training_mode")? && !(cx.has(1) && is_zero(1, "ratio")?);
        if training {
            return Err(op_error("with `training_mode` its results are random").help("export the model for inference"));
        }
        let (x, ty) = (cx.input(0)?, cx.ty(0)?);
        let mut outputs = vec![x];
        if cx.wants_output(1) {
            let one = cx.scalar(if cx.opset() < 10 { ty.dtype } else { DType::Bool }, 1.0);
            outputs.push(cx.add(Expand { shape: ty.shape }, &[one])?);
        }
        Ok(outputs)
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Absent, Given, Known, float, int, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn masks_and_training() {
        let x = || Given(Tensor::f32(&[2], &[1.0, 2.0]));
        let flag = |on: u8| Known(Tensor::new(DType::Bool, vec![], vec![on]));
        let old = run(7, "Dropout", &[float("ratio", 0.5)], &[x()], 2);
        assert_eq!(
            old,
            Ok(vec![Tensor::f32(&[2], &[1.0, 2.0]), Tensor::f32(&[2], &[1.0, 1.0])])
        );
        assert_eq!(run(1, "Dropout", &[int("is_test", 1)], &[x()], 2), old);
        assert!(run(6, "Dropout", &[], &[x()], 1).is_err_and(|e| e.contains("random")));
        let new = run(13, "Dropout", &[], &[x(), Known(Tensor::f32(&[], &[0.5])), flag(0)], 2).unwrap();
        assert_eq!(new[1], Tensor::new(DType::Bool, vec![2], vec![1, 1]));
        assert!(run(13, "Dropout", &[], &[x(), Absent, flag(1)], 1).is_err_and(|e| e.contains("training_mode")));
        assert!(run(13, "Dropout", &[], &[x(), Known(Tensor::f32(&[], &[0.0])), flag(1)], 1).is_ok());
    }
}
