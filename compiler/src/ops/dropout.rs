use super::{Domain, OperatorDef};
use crate::ir::{DType, Tensor, op_error};
use crate::primitives::Expand;

/// In inference the input itself, with a mask of ones (of the input's type before opset 10).
pub(super) const DROPOUT: OperatorDef = OperatorDef {
    name: "Dropout",
    domain: Domain::Onnx,
    versions: &[7, 10, 12, 13, 22],
    limits: "inference only",
    read: |cx| {
        cx.attributes.ignore("ratio");
        cx.attributes.ignore("seed");
        let is_zero = |index| cx.constant(index).and_then(Tensor::scalar_f64) == Some(0.0);
        if cx.has(2) && !is_zero(2) && !is_zero(1) {
            return Err(op_error("`training_mode` is not the constant false").help("export the model for inference"));
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
