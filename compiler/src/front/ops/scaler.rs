use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::binary;
use crate::front::shared::normalization::cast;
use crate::ir::primitives::BinaryOp;
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// `(x - offset) * scale`, in floats, with numbers for each feature or one for all.
pub(super) const SCALER: OperatorDef = OperatorDef {
    name: "Scaler",
    domain: Domain::Ml,
    versions: &[1],
    limits: "",
    read: |cx| {
        let offset = cx.attributes.floats("offset")?;
        let scale = cx.attributes.floats("scale")?;
        let (ty, x) = (cx.ty(0)?, cx.input(0)?);
        let features = match ty.shape[..] {
            [features] | [_, features] => features,
            _ => return Err(op_error(format!("the input {ty} is not rows of features"))),
        };
        let computed = if ty.dtype == DType::F64 { DType::F64 } else { DType::F32 };
        let mut y = cast(cx, x, computed)?;
        if let Some(offset) = offset {
            let offset = constant(cx, "offset", &offset, features, computed)?;
            y = binary(cx, BinaryOp::Sub, y, offset)?;
        }
        if let Some(scale) = scale {
            let scale = constant(cx, "scale", &scale, features, computed)?;
            y = binary(cx, BinaryOp::Mul, y, scale)?;
        }
        cast(cx, y, DType::F32).map(|y| vec![y])
    },
};

/// Numbers for `features` features, or one for all.
fn constant(
    cx: &mut NodeContext<'_>,
    name: &str,
    values: &[f32],
    features: usize,
    dtype: DType,
) -> Result<ValueId, OpError> {
    if values.len() != features && values.len() != 1 {
        return Err(op_error(format!(
            "attribute `{name}` has {} numbers for {features} features",
            values.len()
        )));
    }
    let value = cx.add_constant(Tensor::f32(&[values.len()], values));
    cast(cx, value, dtype)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, floats, run};
    use crate::ir::Tensor;

    #[test]
    fn of_integers_and_floats() {
        let both = [floats("offset", &[1.0, -1.0]), floats("scale", &[2.0, 0.5])];
        let y = |x: Tensor| run(1, "Scaler", &both, &[Given(x)], 1);
        assert_eq!(
            y(Tensor::f32(&[1, 2], &[3.0, 3.0])),
            Ok(vec![Tensor::f32(&[1, 2], &[4.0, 2.0])])
        );
        assert_eq!(y(Tensor::i64(&[2], &[3, 3])), Ok(vec![Tensor::f32(&[2], &[4.0, 2.0])]));
        assert!(y(Tensor::f32(&[1, 3], &[0.0; 3])).is_err_and(|e| e.contains("2 numbers for 3 features")));
        let one = [floats("scale", &[2.0])];
        let y = run(1, "Scaler", &one, &[Given(Tensor::f32(&[1, 2], &[1.0, 2.0]))], 1);
        assert_eq!(y, Ok(vec![Tensor::f32(&[1, 2], &[2.0, 4.0])]));
    }
}
