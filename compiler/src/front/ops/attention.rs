use crate::front::load;
use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::attention_mask::{self, Band, Frame};
use crate::front::shared::attention_parts::{self, Exposed, Parts};
use crate::front::shared::compose::transposed;
use crate::front::shared::normalization::{cast, reshaped};
use crate::ir::primitives::{Attention, Concat};
use crate::ir::{DType, OpError, ValueId, op_error};

/// What queries make of values: their mean, weighted by the softmax of the products of queries and keys.
pub(super) const ATTENTION: OperatorDef = OperatorDef {
    name: "Attention",
    domain: Domain::Onnx,
    versions: &[23, 24, 25],
    limits: "float16 and bfloat16 are computed in float32",
    read,
};

fn read(cx: &mut NodeContext<'_>) -> Result<Vec<ValueId>, OpError> {
    let types = [cx.ty(0)?, cx.ty(1)?, cx.ty(2)?];
    let (dtype, joined) = (types[0].dtype, types[0].rank() == 3);
    if types[1].dtype != dtype
        || types
            .iter()
            .any(|ty| !ty.dtype.is_float() || ty.rank() != types[0].rank())
    {
        let types = types.map(|ty| ty.to_string());
        return Err(op_error(format!(
            "queries, keys and values do not fit: {}",
            types.join(", ")
        )));
    }
    let double = types.iter().any(|ty| ty.dtype == DType::F64);
    let wide = if double { DType::F64 } else { DType::F32 };

    // [batch, tokens, heads, size] where the heads are joined, else [batch, heads, tokens, size].
    let heads = ["q_num_heads", "kv_num_heads"];
    let heads = [cx.attributes.int(heads[0], 0)?, cx.attributes.int(heads[1], 0)?];
    let q = split(cx, 0, heads[0])?;
    let (mut k, mut v) = (split(cx, 1, heads[1])?, split(cx, 2, heads[1])?);
    let past = cx.has(4);
    if past != cx.has(5) || past && cx.has(6) {
        return Err(op_error(
            "past_key and past_value come together, and without nonpad_kv_seqlen",
        ));
    }
    let cached = past || cx.wants_output(1) || cx.wants_output(2);
    if cached && joined {
        (k, v) = (
            transposed(cx, k, vec![0, 2, 1, 3])?,
            transposed(cx, v, vec![0, 2, 1, 3])?,
        );
    }
    let mut offset = 0;
    if past {
        offset = cx.ty(4)?.shape.get(2).copied().unwrap_or(0);
        k = cx.add(Concat { axis: 2 }, &[cx.input(4)?, k])?;
        v = cx.add(Concat { axis: 2 }, &[cx.input(5)?, v])?;
    }
    let present = [k, v];
    let tokens_first = [joined, joined && !cached, joined && !cached, joined];
    let [q, k, v] = [cast(cx, q, wide)?, cast(cx, k, wide)?, cast(cx, v, wide)?];
    let frame = Frame::new(cx, [q, k], &tokens_first)?;

    let scale = match cx.attributes.float("scale", f32::NAN)? {
        scale if cx.attributes.has("scale") => f64::from(scale),
        _ => 1.0 / (frame.size as f64).sqrt(),
    };
    let softcap = cx.attributes.float("softcap", 0.0)?;
    if softcap.is_nan() || softcap < 0.0 {
        return Err(op_error(format!("softcap is {softcap}, it must not be negative")));
    }
    let band = Band::read(cx, offset)?;
    let exposed = cx.attributes.int("qk_matmul_output_mode", 0)?;
    let exposed = Exposed::of_mode(exposed)?;
    let precision = match cx.attributes.int("softmax_precision", 0)? {
        0 => dtype,
        number => precision(number)?,
    };
    let mask = attention_mask::read(cx, &frame, band, wide)?;

    let fused = wide == DType::F32 && !cx.wants_output(3) && (precision == dtype || precision == DType::F32);
    let mut shown = None;
    let y = if fused {
        let (first, last) = if cx.has(6) {
            (None, None)
        } else {
            (band.first, band.last)
        };
        let attention = Attention {
            scale: scale as f32,
            softcap,
            first,
            last,
            tokens_first,
        };
        let operands = [Some(q), Some(k), Some(v), mask];
        cx.add(attention, &operands.into_iter().flatten().collect::<Vec<_>>())?
    } else {
        let mask = attention_mask::with_band(cx, &frame, band, mask, wide)?;
        let parts = Parts {
            operands: [q, k, v],
            tokens_first,
            scale,
            softcap,
            mask,
            precision,
            exposed,
        };
        let (y, scores) = attention_parts::add(cx, parts)?;
        shown = Some(cast(cx, scores, dtype)?);
        y
    };
    let y = cast(cx, y, dtype)?;
    let shape = cx.value_ty(y).shape.clone();
    let y = if joined {
        reshaped(cx, y, &[shape[0], shape[1], shape[2] * shape[3]])?
    } else {
        y
    };
    Ok(vec![y, present[0], present[1], shown.unwrap_or(y)])
}

/// Input `index` with the heads as a dimension of its own.
fn split(cx: &mut NodeContext<'_>, index: usize, heads: i64) -> Result<ValueId, OpError> {
    let (ty, value) = (cx.ty(index)?, cx.input(index)?);
    let heads = usize::try_from(heads).unwrap_or(0);
    match ty.shape[..] {
        [_, actual, _, _] if heads == 0 || heads == actual => Ok(value),
        [batch, tokens, hidden] if heads > 0 && hidden.is_multiple_of(heads) => {
            reshaped(cx, value, &[batch, tokens, heads, hidden / heads])
        }
        _ => Err(op_error(format!("{ty} does not divide into {heads} heads"))
            .help("inputs of 3 dimensions need q_num_heads and kv_num_heads")),
    }
}

/// The element type that `softmax_precision` names.
fn precision(number: i64) -> Result<DType, OpError> {
    let dtype = i32::try_from(number).ok().and_then(load::dtype);
    dtype.filter(|dtype| dtype.is_float()).ok_or_else(|| {
        op_error(format!("softmax_precision is {number}")).help("supported: 1, 10, 11 and 16, the types of floats")
    })
}
