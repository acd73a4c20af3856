use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::{binary, part};
use crate::front::shared::normalization::{cast, in_f32, reshaped};
use crate::ir::primitives::{BinaryOp, Concat, Gather};
use crate::ir::{OpError, ValueId, op_error};

/// Turns pairs of a head's elements by the angles of a token's position.
pub(super) const ROTARY_EMBEDDING: OperatorDef = OperatorDef {
    name: "RotaryEmbedding",
    domain: Domain::Onnx,
    versions: &[23],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let positions = if cx.has(3) { Some(cx.input(3)?) } else { None };
        let heads = cx.attributes.int("num_heads", 0)?;
        read(cx, heads, [1, 2], positions)
    },
};

/// Turns input 0 of `heads` heads, if they are side by side, by the cosines and sines of the inputs `caches`, which
/// `positions` picks rows of.
pub(super) fn read(
    cx: &mut NodeContext<'_>,
    heads: i64,
    caches: [usize; 2],
    positions: Option<ValueId>,
) -> Result<Vec<ValueId>, OpError> {
    let interleaved = cx.attributes.flag("interleaved", false)?;
    let dim = cx.attributes.int("rotary_embedding_dim", 0)?;
    let ty = cx.ty(0)?;
    let x = in_f32(cx, 0)?;
    // [batch, heads, sequence, size] or [batch, sequence, heads, size]
    let (x, sequence_axis) = match ty.shape[..] {
        [_, _, _, _] => (x, 2),
        [batch, sequence, hidden] => {
            let heads = usize::try_from(heads).unwrap_or(0);
            if heads == 0 || !hidden.is_multiple_of(heads) {
                return Err(op_error(format!("{ty} does not divide into num_heads = {heads}")));
            }
            (reshaped(cx, x, &[batch, sequence, heads, hidden / heads])?, 1)
        }
        _ => return Err(op_error(format!("the input {ty} must have 3 or 4 dimensions"))),
    };
    let shape = cx.value_ty(x).shape.clone();
    let turned = match usize::try_from(dim) {
        Ok(0) => shape[3],
        Ok(dim) if dim <= shape[3] => dim,
        _ => {
            return Err(op_error(format!(
                "rotary_embedding_dim is {dim} of {} elements",
                shape[3]
            )));
        }
    };
    if !turned.is_multiple_of(2) {
        return Err(op_error(format!("{turned} elements cannot be turned in pairs")));
    }
    let mut angles = [shape[0], 1, 1, turned / 2];
    angles[sequence_axis] = shape[sequence_axis];
    let [cos, sin] = [
        cache(cx, caches[0], positions, angles)?,
        cache(cx, caches[1], positions, angles)?,
    ];
    let first = part(cx, x, 3, 0, turned)?;
    let mut y = turn(cx, first, [cos, sin], interleaved)?;
    if turned < shape[3] {
        let rest = part(cx, x, 3, turned, shape[3] - turned)?;
        y = cx.add(Concat { axis: 3 }, &[y, rest])?;
    }
    let y = reshaped(cx, y, &ty.shape)?;
    Ok(vec![cast(cx, y, ty.dtype)?])
}

/// Input `index`, the sines or cosines, in the shape `angles`: for each token, or rows that `position_ids` picks.
fn cache(
    cx: &mut NodeContext<'_>,
    index: usize,
    positions: Option<ValueId>,
    angles: [usize; 4],
) -> Result<ValueId, OpError> {
    let ty = cx.ty(index)?;
    let tokens = [angles[0], angles[1] * angles[2]];
    let rows = [&tokens[..], &angles[3..]].concat();
    let mut cache = in_f32(cx, index)?;
    let fits = if let Some(positions) = positions {
        let given = cx.value_ty(positions);
        if given.shape != tokens {
            return Err(op_error(format!("position_ids are {given}, not {tokens:?}")));
        }
        let fits = ty.rank() == 2 && ty.shape[1] == angles[3];
        if fits {
            cache = cx.add(Gather { axis: 0 }, &[cache, positions])?;
        }
        fits
    } else {
        ty.shape == rows
    };
    if !fits {
        return Err(op_error(format!(
            "the cache {ty} does not give angles of shape {rows:?}"
        )));
    }
    reshaped(cx, cache, &angles)
}

/// Turns the pairs (i, i + half) of the last dimension, or (2 i, 2 i + 1) where `interleaved`.
fn turn(cx: &mut NodeContext<'_>, x: ValueId, [cos, sin]: [ValueId; 2], interleaved: bool) -> Result<ValueId, OpError> {
    let shape = cx.value_ty(x).shape.clone();
    let half = shape[3] / 2;
    let pairs = [&shape[..3], &if interleaved { [half, 2] } else { [2, half] }].concat();
    let axis = if interleaved { 4 } else { 3 };
    let x = reshaped(cx, x, &pairs)?;
    let mut parts = [x; 2];
    for (i, value) in parts.iter_mut().enumerate() {
        *value = part(cx, x, axis, i, 1)?;
        *value = reshaped(cx, *value, &[&shape[..3], &[half]].concat())?;
    }
    let mut product = |a, b| binary(cx, BinaryOp::Mul, a, b);
    let (real_cos, imaginary_sin) = (product(parts[0], cos)?, product(parts[1], sin)?);
    let (real_sin, imaginary_cos) = (product(parts[0], sin)?, product(parts[1], cos)?);
    let real = binary(cx, BinaryOp::Sub, real_cos, imaginary_sin)?;
    let imaginary = binary(cx, BinaryOp::Add, real_sin, imaginary_cos)?;
    let mut one = pairs;
    one[axis] = 1;
    let (real, imaginary) = (reshaped(cx, real, &one)?, reshaped(cx, imaginary, &one)?);
    let y = cx.add(Concat { axis }, &[real, imaginary])?;
    reshaped(cx, y, &shape)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::Tensor;

    #[test]
    fn pairs_by_halves_or_neighbours() {
        let x = || Given(Tensor::f32(&[1, 1, 1, 4], &[1.0, 2.0, 3.0, 4.0]));
        // A quarter turn of the first pair, none of the second.
        let cos = || Known(Tensor::f32(&[2, 2], &[9.0, 9.0, 0.0, 1.0]));
        let sin = || Known(Tensor::f32(&[2, 2], &[9.0, 9.0, 1.0, 0.0]));
        let ids = || Given(Tensor::i64(&[1, 1], &[1]));
        let turned = |interleaved| {
            let operands = [x(), cos(), sin(), ids()];
            run(23, "RotaryEmbedding", &[int("interleaved", interleaved)], &operands, 1)
        };
        let y = |values: [f32; 4]| Ok(vec![Tensor::f32(&[1, 1, 1, 4], &values)]);
        assert_eq!(turned(0), y([-3.0, 2.0, 1.0, 4.0]));
        assert_eq!(turned(1), y([-2.0, 1.0, 3.0, 4.0]));
        assert!(run(23, "RotaryEmbedding", &[], &[x(), cos(), sin()], 1).is_err());
    }
}
