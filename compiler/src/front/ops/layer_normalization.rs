use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::{cast, filled, in_f32, reshaped, stash_type};
use crate::ir::primitives::{Binary, BinaryOp, LayerNormalization, Map, Reduce, ReduceOp};
use crate::ir::{DType, OpError, TensorType, ValueId};
use runtime_core::function::{Reciprocal, Sqrt, Square};

/// Normalises over the dimensions from `axis` on, then scales and shifts.
pub(super) const LAYER_NORMALIZATION: OperatorDef = OperatorDef {
    name: "LayerNormalization",
    domain: Domain::Onnx,
    versions: &[17],
    limits: "computed in float32",
    read: |cx| read(cx, false),
};

/// Reads `LayerNormalization` or `RMSNormalization`.
pub(super) fn read(cx: &mut NodeContext<'_>, rms: bool) -> Result<Vec<ValueId>, OpError> {
    let ty = cx.ty(0)?;
    let axis = ty.axis(cx.attributes.int("axis", -1)?)?;
    let epsilon = cx.attributes.float("epsilon", 1e-5)?;
    stash_type(cx)?;
    let (outer, inner) = (&ty.shape[..axis], &ty.shape[axis..]);
    let row = inner.iter().product();
    let x = in_f32(cx, 0)?;
    let flat = [outer, &[row]].concat();
    let x = reshaped(cx, x, &flat)?;
    let statistics = if !rms && (cx.wants_output(1) || cx.wants_output(2)) {
        statistics(cx, x, epsilon, &[outer, &vec![1; inner.len()]].concat())?
    } else {
        vec![]
    };
    let whole = row_of(&cx.ty(1)?, inner) && (!cx.has(2) || row_of(&cx.ty(2)?, inner));
    let (mut scale, mut bias) = (filled(cx, row, 1.0)?, filled(cx, row, 0.0)?);
    if whole {
        let value = in_f32(cx, 1)?;
        scale = reshaped(cx, value, &[row])?;
        if cx.has(2) {
            let value = in_f32(cx, 2)?;
            bias = reshaped(cx, value, &[row])?;
        }
    }
    let operands = if rms { vec![x, scale] } else { vec![x, scale, bias] };
    let y = cx.add(LayerNormalization { epsilon, rms }, &operands)?;
    let mut y = reshaped(cx, y, &ty.shape)?;
    if !whole {
        let scale = in_f32(cx, 1)?;
        y = cx.add(Binary::from(BinaryOp::Mul), &[y, scale])?;
        if cx.has(2) {
            let bias = in_f32(cx, 2)?;
            y = cx.add(Binary::from(BinaryOp::Add), &[y, bias])?;
        }
    }
    let y = cast(cx, y, ty.dtype)?;
    Ok([vec![y], statistics].concat())
}

/// Mean and inverse deviation of each row of `x`, of this shape.
fn statistics(cx: &mut NodeContext<'_>, x: ValueId, epsilon: f32, shape: &[usize]) -> Result<Vec<ValueId>, OpError> {
    let axes = vec![cx.value_ty(x).rank() - 1];
    let mean = cx.add(
        Reduce {
            op: ReduceOp::Mean,
            axes: axes.clone(),
        },
        &[x],
    )?;
    let x = cx.add(Binary::from(BinaryOp::Sub), &[x, mean])?;
    let x = cx.add(
        Map {
            function: Square.into(),
        },
        &[x],
    )?;
    let variance = cx.add(
        Reduce {
            op: ReduceOp::Mean,
            axes,
        },
        &[x],
    )?;
    let epsilon = cx.scalar(DType::F32, f64::from(epsilon));
    let variance = cx.add(Binary::from(BinaryOp::Add), &[variance, epsilon])?;
    let deviation = cx.add(Map { function: Sqrt.into() }, &[variance])?;
    let inverse = cx.add(
        Map {
            function: Reciprocal.into(),
        },
        &[deviation],
    )?;
    Ok(vec![reshaped(cx, mean, shape)?, reshaped(cx, inverse, shape)?])
}

/// Whether `ty` gives one number for each element of a row of shape `inner`.
fn row_of(ty: &TensorType, inner: &[usize]) -> bool {
    let leading = ty.rank().saturating_sub(inner.len());
    ty.rank() >= inner.len() && ty.shape[..leading].iter().all(|n| *n == 1) && ty.shape[leading..] == *inner
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, float, int, run};
    use crate::ir::Tensor;

    #[test]
    fn statistics_and_broadcast_scale() {
        let x = || Given(Tensor::f32(&[1, 2, 2], &[1.0, 3.0, 5.0, 7.0]));
        let scale = Known(Tensor::f32(&[2], &[1.0, 2.0]));
        let attributes = [int("axis", 1), float("epsilon", 4.0)];
        let y = run(17, "LayerNormalization", &attributes, &[x(), scale], 3);
        let expected = [
            Tensor::f32(&[1, 2, 2], &[-1.0, -2.0 / 3.0, 1.0 / 3.0, 2.0]),
            Tensor::f32(&[1, 1, 1], &[4.0]),
            Tensor::f32(&[1, 1, 1], &[1.0 / 3.0]),
        ];
        let near = |a: &Tensor, b: &Tensor| a.to_f64().iter().zip(b.to_f64()).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(y.is_ok_and(|y| y.iter().zip(&expected).all(|(y, e)| y.shape == e.shape && near(y, e))));
    }
}
