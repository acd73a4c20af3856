use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::binary;
use crate::front::shared::normalization::cast;
use crate::ir::primitives::{BinaryOp, Select, Unary, UnaryOp};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// What equals a number, or is NaN, replaced by the number of its feature.
pub(super) const IMPUTER: OperatorDef = OperatorDef {
    name: "Imputer",
    domain: Domain::Ml,
    versions: &[1],
    limits: "",
    read: |cx| {
        let floats = cx.attributes.floats("imputed_value_floats")?.unwrap_or_default();
        let ints = cx.attributes.ints("imputed_value_int64s")?.unwrap_or_default();
        let replaced = cx.attributes.float("replaced_value_float", 0.0)?;
        let replaced_int = cx.attributes.int("replaced_value_int64", 0)?;
        let (ty, x) = (cx.ty(0)?, cx.input(0)?);
        let features = match ty.shape[..] {
            [features] | [_, features] => features,
            _ => return Err(op_error(format!("the input {ty} is not rows of features"))),
        };
        if ty.dtype.is_float() == floats.is_empty() || ty.dtype.is_float() != ints.is_empty() {
            let help = "give `imputed_value_floats` for floats, `imputed_value_int64s` for integers, not both";
            return Err(op_error(format!("the values to put into {ty} are of another kind")).help(help));
        }
        let (values, missing) = if ty.dtype.is_float() {
            let values = values(cx, ty.dtype, Tensor::f32(&[floats.len()], &floats), features)?;
            let missing = if replaced.is_nan() {
                cx.add(Unary { op: UnaryOp::IsNan }, &[x])?
            } else {
                let replaced = cx.scalar(ty.dtype, replaced.into());
                binary(cx, BinaryOp::Equal, x, replaced)?
            };
            (values, missing)
        } else {
            let values = values(cx, ty.dtype, Tensor::i64(&[ints.len()], &ints), features)?;
            let replaced = cx.add_constant(Tensor::i64(&[], &[replaced_int]));
            let replaced = cast(cx, replaced, ty.dtype)?;
            (values, binary(cx, BinaryOp::Equal, x, replaced)?)
        };
        cx.add(Select, &[missing, values, x]).map(|y| vec![y])
    },
};

/// The numbers to put in: one for each feature, or the first for all, as ONNX Runtime takes them.
fn values(cx: &mut NodeContext<'_>, dtype: DType, given: Tensor, features: usize) -> Result<ValueId, OpError> {
    if given.shape[0] != features && given.shape[0] != 1 {
        return Err(op_error(format!(
            "{} values are given for {features} features",
            given.shape[0]
        )));
    }
    let values = cx.add_constant(given);
    cast(cx, values, dtype)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, float, floats, int, ints, run};
    use crate::ir::Tensor;

    #[test]
    fn nan_and_numbers() {
        let x = || Given(Tensor::f32(&[2, 2], &[f32::NAN, 1.0, 2.0, f32::NAN]));
        let each = floats("imputed_value_floats", &[5.0, 6.0]);
        let y = run(
            1,
            "Imputer",
            &[each.clone(), float("replaced_value_float", f32::NAN)],
            &[x()],
            1,
        );
        assert_eq!(y, Ok(vec![Tensor::f32(&[2, 2], &[5.0, 1.0, 2.0, 6.0])]));
        let y = run(
            1,
            "Imputer",
            &[each.clone(), float("replaced_value_float", 2.0)],
            &[x()],
            1,
        );
        let expected = [f32::NAN, 1.0, 5.0, f32::NAN];
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let y: Vec<f32> = y
            .map(|y| y[0].to_f64().iter().map(|y| *y as f32).collect())
            .unwrap_or_default();
        assert_eq!(bits(&y), bits(&expected));
        let whole = [ints("imputed_value_int64s", &[7]), int("replaced_value_int64", -1)];
        let y = run(1, "Imputer", &whole, &[Given(Tensor::i64(&[3], &[-1, 0, -1]))], 1);
        assert_eq!(y, Ok(vec![Tensor::i64(&[3], &[7, 0, 7])]));
        assert!(run(1, "Imputer", &whole, &[x()], 1).is_err_and(|e| e.contains("another kind")));
        assert!(run(1, "Imputer", &[floats("imputed_value_floats", &[1.0; 3])], &[x()], 1).is_err());
    }
}
