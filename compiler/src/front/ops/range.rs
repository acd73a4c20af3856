use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::Cast;
use crate::ir::{DType, OpError, Tensor, op_error};

/// The most elements, since they are stored.
const MAX_LEN: f64 = 4e6;

/// `start`, `start + delta`, .. before `limit`: a constant. Opset 27 added 16-bit floats, computed in single precision.
pub(super) const RANGE: OperatorDef = OperatorDef {
    name: "Range",
    domain: Domain::Onnx,
    versions: &[11, 27],
    limits: "operands must be known at compile time; `stash_type` must be 1",
    read: |cx| {
        if cx.attributes.int("stash_type", 1)? != 1 {
            return Err(op_error("attribute `stash_type` must be 1 (single precision)"));
        }
        let dtype = cx.operands().same_dtype()?;
        let [start, limit, delta] = [
            number(cx, 0, "start")?,
            number(cx, 1, "limit")?,
            number(cx, 2, "delta")?,
        ];
        let len = ((limit - start) / delta).ceil().max(0.0);
        if delta == 0.0 || len.is_nan() || len > MAX_LEN {
            return Err(op_error(format!(
                "from {start} to {limit} in steps of {delta} gives no range that can be stored"
            )));
        }
        let len = len as usize;
        let tensor = match dtype {
            DType::F64 => {
                let values = (0..len).flat_map(|i| (start + i as f64 * delta).to_le_bytes());
                Tensor::new(dtype, vec![len], values.collect())
            }
            _ if dtype.is_float() => {
                let values = (0..len).map(|i| start as f32 + i as f32 * delta as f32);
                Tensor::f32(&[len], &values.collect::<Vec<_>>())
            }
            _ => {
                let values = (0..len as i64).map(|i| (start as i64).wrapping_add(i.wrapping_mul(delta as i64)));
                Tensor::i64(&[len], &values.collect::<Vec<_>>())
            }
        };
        let same = tensor.dtype == dtype;
        let value = cx.add_constant(tensor);
        Ok(vec![if same {
            value
        } else {
            cx.add(Cast { to: dtype }, &[value])?
        }])
    },
};

fn number(cx: &NodeContext<'_>, index: usize, name: &str) -> Result<f64, OpError> {
    let ty = cx.ty(index)?;
    let value = cx.known(index, name)?.scalar_f64();
    match value {
        Some(value) if ty.dtype != DType::Bool && value.is_finite() && (ty.dtype.is_float() || value.abs() < 9e15) => {
            Ok(value)
        }
        _ => Err(op_error(format!(
            "input `{name}` is {ty}, it must be one finite number"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Known, run};
    use crate::ir::Tensor;

    #[test]
    fn ranges() {
        let known = |v: i64| Known(Tensor::i64(&[], &[v]));
        let range = |start, limit, delta| run(11, "Range", &[], &[known(start), known(limit), known(delta)], 1);
        assert_eq!(range(10, 4, -2), Ok(vec![Tensor::i64(&[3], &[10, 8, 6])]));
        assert_eq!(range(3, 3, 1), Ok(vec![Tensor::i64(&[0], &[])]));
        assert!(range(0, 1, 0).is_err() && range(0, 1 << 50, 1).is_err());
    }
}
