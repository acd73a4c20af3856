use super::{Domain, OperatorDef};
use crate::import::NodeContext;
use crate::ir::{OpError, op_error};
use crate::primitives::Tile;

/// Repeats the whole tensor along each dimension; before opset 6 `tiles` times along one `axis`.
pub(super) const TILE: OperatorDef = OperatorDef {
    name: "Tile",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "`repeats` must be known at compile time",
    read: |cx| {
        let repeats = if cx.opset() < 6 {
            one_axis(cx)?
        } else {
            cx.ints(1, "repeats")?
        };
        let repeats: Option<Vec<usize>> = repeats.iter().map(|repeat| usize::try_from(*repeat).ok()).collect();
        let repeats = repeats.ok_or_else(|| op_error("`repeats` holds a negative number"))?;
        cx.op(Tile { repeats }, &[0])
    },
};

/// The repeats of a node before opset 6, whose operands are of the input's type.
fn one_axis(cx: &NodeContext<'_>) -> Result<Vec<i64>, OpError> {
    let number = |index, name| {
        let value = cx.known(index, name)?.scalar_f64();
        value.ok_or_else(|| op_error(format!("input `{name}` must be one number")))
    };
    let (ty, tiles, axis) = (cx.ty(0)?, number(1, "tiles")?, number(2, "axis")?);
    let mut repeats = vec![1; ty.rank()];
    repeats[ty.axis(axis as i64)?] = tiles as i64;
    Ok(repeats)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Given, Known, run};
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
