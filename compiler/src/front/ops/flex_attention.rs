use crate::front::load;
use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::{cast, reshaped};
use crate::ir::primitives::{MatMul, Softmax, Transpose};
use crate::ir::{DType, OpError, TensorType, ValueId, op_error};

/// `prob_mod(softmax(score_mod(scale * Q * K'))) * V`, where both functions are sub-graphs, read in place. Heads of
/// queries that share a head of keys are rows of one product.
pub(super) const FLEX_ATTENTION: OperatorDef = OperatorDef {
    name: "FlexAttention",
    domain: Domain::Preview,
    versions: &[1],
    limits: "",
    read: |cx| {
        let heads = Heads::of(cx)?;
        let dtype = cx.operands().same_dtype()?;
        let precision = softmax_precision(cx, dtype)?;
        let scale = cx.attributes.float("scale", (heads.size as f32).sqrt().recip())?;
        let Heads {
            batch, queries, keys, ..
        } = heads;
        let rows = queries / keys * heads.query_len;

        let q = cx.scaled(cx.input(0)?, scale)?;
        let q = reshaped(cx, q, &[batch, keys, rows, heads.size])?;
        let k = cx.op(Transpose { perm: vec![0, 1, 3, 2] }, &[1])?[0];
        let scores = cx.add(MatMul, &[q, k])?;
        let scores = cast(cx, scores, precision)?;
        let scores = reshaped(cx, scores, &[batch, queries, heads.query_len, heads.key_len])?;
        let scores = modified(cx, "score_mod", scores)?;
        let probabilities = cx.add(Softmax { axis: 3, log: false }, &[scores])?;
        let probabilities = modified(cx, "prob_mod", probabilities)?;
        let probabilities = reshaped(cx, probabilities, &[batch, keys, rows, heads.key_len])?;
        let v = cast(cx, cx.input(2)?, precision)?;
        let y = cx.add(MatMul, &[probabilities, v])?;
        let y = cast(cx, y, dtype)?;
        Ok(vec![reshaped(
            cx,
            y,
            &[batch, queries, heads.query_len, heads.value_size],
        )?])
    },
};

/// Extents of the operands.
struct Heads {
    batch: usize,
    /// Heads of queries, a multiple of those of keys and values.
    queries: usize,
    keys: usize,
    query_len: usize,
    key_len: usize,
    /// Elements of a query and of a key.
    size: usize,
    value_size: usize,
}

impl Heads {
    fn of(cx: &NodeContext<'_>) -> Result<Self, OpError> {
        let types = [cx.ty(0)?, cx.ty(1)?, cx.ty(2)?];
        let [q, k, v] = &types;
        let wrong = |why: &str| op_error(format!("the operands {q}, {k}, {v} do not fit: {why}"));
        let shape = |ty: &TensorType| <[usize; 4]>::try_from(ty.shape.clone()).ok();
        let (Some(q), Some(k), Some(v)) = (shape(q), shape(k), shape(v)) else {
            return Err(wrong("each must be batch x heads x sequence x size"));
        };
        let ([batch, queries, query_len, size], [_, keys, key_len, _]) = (q, k);
        if k != [batch, keys, key_len, size] || v[..3] != k[..3] {
            return Err(wrong("they differ where they must agree"));
        }
        if keys == 0 || queries % keys != 0 {
            return Err(wrong("the heads of queries must be a multiple of those of keys"));
        }
        let value_size = v[3];
        Ok(Self {
            batch,
            queries,
            keys,
            query_len,
            key_len,
            size,
            value_size,
        })
    }
}

/// The element type of scores and probabilities.
fn softmax_precision(cx: &mut NodeContext<'_>, dtype: DType) -> Result<DType, OpError> {
    let default = if dtype == DType::F64 { 11 } else { 1 };
    let number = cx.attributes.int("softmax_precision", default)?;
    let precision = i32::try_from(number)
        .ok()
        .and_then(load::dtype)
        .filter(|dtype| dtype.is_float());
    precision.ok_or_else(|| {
        op_error(format!("attribute `softmax_precision` is {number}"))
            .help("supported: 1 (float32), 10 (float16), 11 (float64), 16 (bfloat16)")
    })
}

/// What the sub-graph, if there is one, makes of `value`.
fn modified(cx: &mut NodeContext<'_>, name: &'static str, value: ValueId) -> Result<ValueId, OpError> {
    if !cx.attributes.has(name) {
        return Ok(value);
    }
    let outputs = cx.subgraph(name, &[value])?;
    match outputs[..] {
        [output] if cx.value_ty(output) == cx.value_ty(value) => Ok(output),
        [output] => {
            let (output, given) = (cx.value_ty(output), cx.value_ty(value));
            Err(op_error(format!(
                "`{name}` gives {output} for {given}; it must keep the type"
            )))
        }
        _ => Err(op_error(format!(
            "`{name}` has {} outputs, it must have one",
            outputs.len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, run, subgraph};
    use crate::ir::Tensor;

    #[test]
    fn heads_share_keys_and_sub_graphs_change_scores() {
        // Equal scores give the mean of the values; a score of minus infinity leaves one of them out.
        let q = || Given(Tensor::f32(&[1, 2, 1, 1], &[0.0, 0.0]));
        let k = || Given(Tensor::f32(&[1, 1, 2, 1], &[1.0, 2.0]));
        let v = || Given(Tensor::f32(&[1, 1, 2, 1], &[4.0, 8.0]));
        let mask = Tensor::f32(&[1, 2, 1, 2], &[0.0, 0.0, f32::NEG_INFINITY, 0.0]);
        let masked = subgraph(
            "score_mod",
            &[("Add", &["s", "mask"], &["t"])],
            &[("mask", mask)],
            [&["s"], &["t"]],
        );
        let halved = subgraph("prob_mod", &[("Add", &["p", "p"], &["q"])], &[], [&["p"], &["q"]]);
        let y = run(1, "FlexAttention", &[masked, halved], &[q(), k(), v()], 1);
        assert_eq!(y, Ok(vec![Tensor::f32(&[1, 2, 1, 1], &[12.0, 16.0])]));
        let flat = subgraph("score_mod", &[("ReduceSum", &["s"], &["t"])], &[], [&["s"], &["t"]]);
        let wrong = run(1, "FlexAttention", &[flat], &[q(), k(), v()], 1);
        assert!(wrong.is_err_and(|e| e.contains("must keep the type")));
    }
}
