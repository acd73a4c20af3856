use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::{Binary, BinaryOp, Reshape};
use crate::ir::{DType, OpError, ValueId, op_error};
use runtime_core::function::{Clip, Relu};

/// `min(max(x, min), max)`; the bounds are attributes before opset 11, inputs since.
pub(super) const CLIP: OperatorDef = OperatorDef {
    name: "Clip",
    domain: Domain::Onnx,
    versions: &[1, 6, 11, 12, 13],
    limits: "",
    read: |cx| {
        if cx.opset() < 11 {
            let min = cx.attributes.float("min", f32::MIN)?;
            let max = cx.attributes.float("max", f32::MAX)?;
            return cx.map(Clip { min, max }.into());
        }
        for (index, name) in [(1, "min"), (2, "max")] {
            if cx.has(index) && cx.ty(index)?.len() != 1 {
                return Err(op_error(format!(
                    "input `{name}` must be a scalar, it is {}",
                    cx.ty(index)?
                )));
            }
        }
        let is_float = cx.ty(0)?.dtype.is_float();
        match (known(cx, 1, f32::NEG_INFINITY), known(cx, 2, f32::INFINITY)) {
            (Some(0.0), Some(f32::INFINITY)) if is_float => cx.map(Relu.into()),
            (Some(min), Some(max)) if is_float => cx.map(Clip { min, max }.into()),
            _ => {
                let x = cx.input(0)?;
                let x = bounded(cx, x, 1, BinaryOp::Max)?;
                Ok(vec![bounded(cx, x, 2, BinaryOp::Min)?])
            }
        }
    },
};

/// The bound if it is known and exact in single precision, or absent.
fn known(cx: &NodeContext<'_>, index: usize, absent: f32) -> Option<f32> {
    if !cx.has(index) {
        return Some(absent);
    }
    let bound = cx.constant(index)?;
    let value = bound.scalar_f64()?;
    (bound.dtype != DType::F64 || f64::from(value as f32) == value).then_some(value as f32)
}

fn bounded(cx: &mut NodeContext<'_>, x: ValueId, index: usize, op: BinaryOp) -> Result<ValueId, OpError> {
    if !cx.has(index) {
        return Ok(x);
    }
    let bound = cx.input(index)?;
    let bound = cx.add(Reshape { shape: vec![] }, &[bound])?;
    cx.add(Binary::from(op), &[x, bound])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Absent, Given, Known, float, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn bounds_move_from_attributes_to_inputs() {
        let x = || Given(Tensor::f32(&[3], &[-2.0, 0.5, 2.0]));
        let bound = |v| Tensor::scalar(DType::F32, v);
        let clipped = Ok(vec![Tensor::f32(&[3], &[-1.0, 0.5, 1.0])]);
        assert_eq!(
            run(7, "Clip", &[float("min", -1.0), float("max", 1.0)], &[x()], 1),
            clipped
        );
        assert_eq!(
            run(11, "Clip", &[], &[x(), Known(bound(-1.0)), Known(bound(1.0))], 1),
            clipped
        );
        assert_eq!(
            run(13, "Clip", &[], &[x(), Given(bound(-1.0)), Given(bound(1.0))], 1),
            clipped
        );
        let upper = run(13, "Clip", &[], &[x(), Absent, Known(bound(1.0))], 1);
        assert_eq!(upper, Ok(vec![Tensor::f32(&[3], &[-2.0, 0.5, 1.0])]));
        assert!(run(13, "Clip", &[float("min", 0.0)], &[x()], 1).is_err_and(|e| e.contains("`min`")));
    }

    #[test]
    fn integers() {
        let x = Given(Tensor::i32(&[3], &[-5, 1, 5]));
        let zero = Known(Tensor::scalar(DType::I32, 0.0));
        assert_eq!(
            run(12, "Clip", &[], &[x, zero], 1),
            Ok(vec![Tensor::i32(&[3], &[0, 1, 5])])
        );
    }
}
