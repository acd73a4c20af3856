use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::Tile;
use crate::ir::{OpError, op_error};

/// Repeats the whole tensor along each dimension, before opset 6 along one.
pub(super) const TILE: OperatorDef = OperatorDef {
    name: "Tile",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "the number of repeats must be known at compile time",
    read: |cx| {
        let repeats = if cx.opset() < 6 {
            along_axis(cx)?
        } else {
            cx.ints(1, "repeats")?
        };
        let repeats: Option<Vec<usize>> = repeats.iter().map(|repeat| usize::try_from(*repeat).ok()).collect();
        let repeats = repeats.ok_or_else(|| op_error("`repeats` holds a negative number"))?;
        cx.op(Tile { repeats }, &[0])
    },
};

/// The repeats of each dimension where `tiles` and `axis` give those of one, as floats.
fn along_axis(cx: &NodeContext<'_>) -> Result<Vec<i64>, OpError> {
    let number = |index, name| {
        let value = cx.known(index, name)?.scalar_f64();
        value.ok_or_else(|| op_error(format!("input `{name}` must be one number")))
    };
    let ty = cx.ty(0)?;
    let (tiles, axis) = (number(1, "tiles")?, ty.axis(number(2, "axis")? as i64)?);
    Ok((0..ty.rank())
        .map(|i| if i == axis { tiles as i64 } else { 1 })
        .collect())
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn one_axis_at_a_time_once() {
        let x = || Given(Tensor::f32(&[1, 2], &[1.0, 2.0]));
        let number = |value| Known(Tensor::scalar(DType::F32, value));
        let old = run(1, "Tile", &[], &[x(), number(2.0), number(0.0)], 1);
        assert_eq!(old, Ok(vec![Tensor::f32(&[2, 2], &[1.0, 2.0, 1.0, 2.0])]));
        assert_eq!(run(6, "Tile", &[], &[x(), Known(Tensor::i64(&[2], &[2, 1]))], 1), old);
        assert!(run(1, "Tile", &[], &[x(), number(2.0), number(2.0)], 1).is_err_and(|e| e.contains("axis 2")));
        assert!(run(1, "Tile", &[], &[x(), number(-1.0), number(0.0)], 1).is_err());
    }
}
