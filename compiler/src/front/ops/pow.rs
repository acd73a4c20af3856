use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::pair;
use crate::ir::primitives::{Binary, BinaryOp, Cast, Map, broadcast};
use crate::ir::{DType, OpError, ValueId};
use runtime_core::function::{Reciprocal, Square};

/// `x` to the power of `y`, in the type of `x`.
pub(super) const POW: OperatorDef = OperatorDef {
    name: "Pow",
    domain: Domain::Onnx,
    versions: &[1, 7, 12, 13, 15],
    limits: "",
    read: |cx| {
        let (ty, exponent) = (cx.ty(0)?, cx.ty(1)?.dtype);
        let (x, y) = (cx.input(0)?, pair::second(cx)?);
        if let Some(power) = simple(cx, x, y)? {
            return Ok(vec![power]);
        }
        let dtype = common(ty.dtype, exponent);
        let (x, y) = (cast(cx, x, dtype)?, cast(cx, y, dtype)?);
        let power = cx.add(Binary::from(BinaryOp::Pow), &[x, y])?;
        Ok(vec![cast(cx, power, ty.dtype)?])
    },
};

/// The type to compute in: that of the base, unless the exponent has more or only the exponent may be a fraction.
fn common(base: DType, exponent: DType) -> DType {
    match (base.is_float(), exponent.is_float()) {
        (false, true) if base.size() > 2 => DType::F64,
        (false, true) => DType::F32,
        (true, true) if exponent.size() > base.size() => exponent,
        _ => base,
    }
}

fn cast(cx: &mut NodeContext<'_>, value: ValueId, to: DType) -> Result<ValueId, OpError> {
    if cx.value_ty(value).dtype == to {
        Ok(value)
    } else {
        cx.add(Cast { to }, &[value])
    }
}

/// Powers of floats that need no logarithm.
fn simple(cx: &mut NodeContext<'_>, x: ValueId, y: ValueId) -> Result<Option<ValueId>, OpError> {
    let (ty, y) = (cx.value_ty(x), cx.value_ty(y));
    if !ty.dtype.is_float() || broadcast(&ty.shape, &y.shape)? != ty.shape {
        return Ok(None);
    }
    let power = cx.constant(1).and_then(crate::ir::Tensor::scalar_f64);
    Ok(match power {
        Some(1.0) => Some(x),
        Some(2.0) => Some(cx.add(
            Map {
                function: Square.into(),
            },
            &[x],
        )?),
        Some(3.0) => {
            let square = cx.add(
                Map {
                    function: Square.into(),
                },
                &[x],
            )?;
            Some(cx.add(Binary::from(BinaryOp::Mul), &[square, x])?)
        }
        Some(-1.0) => Some(cx.add(
            Map {
                function: Reciprocal.into(),
            },
            &[x],
        )?),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn the_result_has_the_type_of_the_base() {
        let x = Given(Tensor::i32(&[3], &[4, 9, 16]));
        let half = Known(Tensor::scalar(DType::F32, 0.5));
        assert_eq!(
            run(13, "Pow", &[], &[x, half], 1),
            Ok(vec![Tensor::i32(&[3], &[2, 3, 4])])
        );
        let x = Given(Tensor::f32(&[2], &[2.0, -3.0]));
        let power = Given(Tensor::i64(&[2], &[3, 2]));
        assert_eq!(
            run(13, "Pow", &[], &[x, power], 1),
            Ok(vec![Tensor::f32(&[2], &[8.0, 9.0])])
        );
    }

    #[test]
    fn constant_powers() {
        for (power, result) in [(1.0, 3.0), (2.0, 9.0), (3.0, 27.0), (-1.0, 1.0 / 3.0)] {
            let x = Given(Tensor::f32(&[1], &[3.0]));
            let power = Known(Tensor::scalar(DType::F32, power));
            assert_eq!(
                run(15, "Pow", &[], &[x, power], 1),
                Ok(vec![Tensor::f32(&[1], &[result])])
            );
        }
    }
}
