use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::{cast, in_f32, reshaped};
use crate::ir::primitives::LinearAttention;
use crate::ir::{OpError, ValueId, op_error};

/// Attention whose memory is a matrix for each head that tokens decay and correct.
pub(super) const LINEAR_ATTENTION: OperatorDef = OperatorDef {
    name: "LinearAttention",
    domain: Domain::Onnx,
    versions: &[27],
    limits: "computed in float32",
    read: |cx| {
        // A tuning hint.
        cx.attributes.ignore("chunk_size");
        let rules = [
            ("gated_delta", (true, true)),
            ("gated", (true, false)),
            ("delta", (false, true)),
            ("linear", (false, false)),
        ];
        let (gated, delta) = cx.attributes.choice("update_rule", &rules)?;
        if cx.has(4) != gated || cx.has(5) != delta {
            return Err(op_error("the inputs `decay` and `beta` do not fit update_rule")
                .help("`gated` rules take decay, `delta` rules take beta"));
        }
        let mut heads = [0; 2];
        for (heads, name) in heads.iter_mut().zip(["q_num_heads", "kv_num_heads"]) {
            let count = cx.attributes.required_int(name)?;
            *heads = usize::try_from(count)
                .ok()
                .filter(|count| *count > 0)
                .ok_or_else(|| op_error(format!("{name} is {count}")))?;
        }
        let q = split(cx, 0, heads[0])?;
        let (k, v) = (split(cx, 1, heads[1])?, split(cx, 2, heads[1])?);
        let given = [cx.has(3), gated, delta];
        let mut operands = vec![q, k, v];
        if cx.has(3) {
            operands.push(in_f32(cx, 3)?);
        }
        if gated {
            operands.push(split(cx, 4, heads[1])?);
        }
        if delta {
            operands.push(in_f32(cx, 5)?);
        }
        let scale = match cx.attributes.float("scale", 0.0)? {
            0.0 => 1.0 / (cx.value_ty(q).shape[3] as f32).sqrt(),
            scale => scale,
        };
        let outputs = cx.add_all(LinearAttention { scale, given }, &operands)?;
        let ty = cx.ty(0)?;
        let shape = cx.value_ty(outputs[0]).shape.clone();
        let y = reshaped(cx, outputs[0], &[shape[0], shape[1], shape[2] * shape[3]])?;
        let state = if cx.has(3) { cx.ty(3)?.dtype } else { ty.dtype };
        Ok(vec![cast(cx, y, ty.dtype)?, cast(cx, outputs[1], state)?])
    },
};

/// Input `index` in `f32` with the heads as a dimension of their own.
fn split(cx: &mut NodeContext<'_>, index: usize, heads: usize) -> Result<ValueId, OpError> {
    let (ty, value) = (cx.ty(index)?, in_f32(cx, index)?);
    match ty.shape[..] {
        [batch, tokens, hidden] if hidden.is_multiple_of(heads) => {
            reshaped(cx, value, &[batch, tokens, heads, hidden / heads])
        }
        _ => Err(op_error(format!("{ty} does not divide into {heads} heads"))),
    }
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Absent, Given, float, int, run, text};
    use crate::ir::Tensor;

    #[test]
    fn an_update_corrects_what_was_stored() {
        let x = |values: &[f32]| Given(Tensor::f32(&[1, 2, 1], values));
        let heads = [int("q_num_heads", 1), int("kv_num_heads", 1), float("scale", 1.0)];
        let with = |rule: &str, operands: &[_]| {
            run(
                27,
                "LinearAttention",
                &[&heads[..], &[text("update_rule", rule)]].concat(),
                operands,
                2,
            )
        };
        let past = || Given(Tensor::f32(&[1, 1, 1, 1], &[4.0]));
        let (q, k, v) = (|| x(&[1.0, 2.0]), || x(&[1.0, 3.0]), || x(&[5.0, 7.0]));
        let found = with("delta", &[q(), k(), v(), past(), Absent, x(&[0.5, 1.0])]);
        // 4 + 0.5 (5 - 4); then 4.5 + 3 (7 - 13.5)
        let expected = [
            Tensor::f32(&[1, 2, 1], &[4.5, -30.0]),
            Tensor::f32(&[1, 1, 1, 1], &[-15.0]),
        ];
        assert_eq!(found, Ok(expected.to_vec()));
        let found = with("linear", &[q(), k(), v()]);
        let expected = [
            Tensor::f32(&[1, 2, 1], &[5.0, 52.0]),
            Tensor::f32(&[1, 1, 1, 1], &[26.0]),
        ];
        assert_eq!(found, Ok(expected.to_vec()));
        assert!(with("gated", &[q(), k(), v()]).is_err());
    }
}
