//! What classifiers and regressors of `ai.onnx.ml` do with their scores at the end, as ONNX Runtime does it.

use super::compose::{binary, map, reduce, with_number};
use super::normalization::{cast, reshaped};
use crate::front::node::NodeContext;
use crate::ir::primitives::{ArgReduce, BinaryOp, Concat, MatMul, ReduceOp, Select};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};
use runtime_core::function::{Abs, Exp, Log, Neg, Sigmoid, Sqrt};

/// Applied to the scores of each row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::front) enum Transform {
    None,
    Softmax,
    Logistic,
    /// The softmax, in which scores of zero stay zero.
    SoftmaxZero,
    /// The inverse of the normal distribution, nearly.
    Probit,
}

/// What a single score of two classes becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::front) enum Second {
    /// It stays alone.
    None,
    /// It is the share of the second class: `1 - s` and `s`.
    Share,
    /// It is positive for the second class: `-s` and `s`.
    Sign,
}

/// Scores that are closer to zero than this are zero to [`Transform::SoftmaxZero`].
const NEARLY_ZERO: f64 = 1e-7;

impl Transform {
    /// Reads attribute `post_transform`.
    pub(in crate::front) fn read(cx: &mut NodeContext<'_>) -> Result<Self, OpError> {
        let names = [
            ("NONE", Self::None),
            ("SOFTMAX", Self::Softmax),
            ("LOGISTIC", Self::Logistic),
            ("SOFTMAX_ZERO", Self::SoftmaxZero),
            ("PROBIT", Self::Probit),
        ];
        cx.attributes.choice("post_transform", &names)
    }

    /// Of each row of `scores`.
    pub(in crate::front) fn of_rows(self, cx: &mut NodeContext<'_>, scores: ValueId) -> Result<ValueId, OpError> {
        match self {
            Self::None => Ok(scores),
            Self::Softmax => super::normalization::softmax(cx, scores, 1, false),
            Self::Logistic => map(cx, Sigmoid, scores),
            Self::SoftmaxZero => softmax_zero(cx, scores),
            Self::Probit => probit(cx, scores),
        }
    }

    /// Of the scores `[rows, n]`: a single one becomes two as `second` says; of
    /// these ONNX Runtime knows the logistic function only, and transforms one that stays alone by PROBIT only.
    pub(in crate::front) fn of_scores(
        self,
        cx: &mut NodeContext<'_>,
        scores: ValueId,
        second: Second,
    ) -> Result<ValueId, OpError> {
        if cx.value_ty(scores).shape[1] != 1 {
            return self.of_rows(cx, scores);
        }
        if self == Self::Probit && second != Second::None {
            return Err(op_error("post_transform PROBIT of one score for two classes")
                .help("ONNX Runtime leaves the second column open there: give a score for each class"));
        }
        let first = match second {
            Second::None if self == Self::Probit => return probit(cx, scores),
            Second::None => return Ok(scores),
            Second::Share if self != Self::Logistic => {
                let one = cx.scalar(cx.value_ty(scores).dtype, 1.0);
                binary(cx, BinaryOp::Sub, one, scores)?
            }
            Second::Share | Second::Sign => map(cx, Neg, scores)?,
        };
        let both = cx.add(Concat { axis: 1 }, &[first, scores])?;
        if self == Self::Logistic {
            return map(cx, Sigmoid, both);
        }
        Ok(both)
    }
}

fn softmax_zero(cx: &mut NodeContext<'_>, x: ValueId) -> Result<ValueId, OpError> {
    let greatest = reduce(cx, ReduceOp::Max, x, vec![1])?;
    let shifted = binary(cx, BinaryOp::Sub, x, greatest)?;
    let powers = map(cx, Exp, shifted)?;
    let size = map(cx, Abs, x)?;
    let counts = with_number(cx, BinaryOp::Greater, size, NEARLY_ZERO)?;
    let zero = cx.scalar(cx.value_ty(x).dtype, 0.0);
    let counted = cx.add(Select, &[counts, powers, zero])?;
    let sum = reduce(cx, ReduceOp::Sum, counted, vec![1])?;
    let opposite = map(cx, Neg, greatest)?;
    let factor = map(cx, Exp, opposite)?;
    let others = binary(cx, BinaryOp::Mul, x, factor)?;
    let y = cx.add(Select, &[counts, powers, others])?;
    binary(cx, BinaryOp::Div, y, sum)
}

/// `sqrt(2) * erfinv(2 x - 1)`, by Winitzki's approximation with its constant 0.147.
fn probit(cx: &mut NodeContext<'_>, x: ValueId) -> Result<ValueId, OpError> {
    const A: f64 = 0.147;
    const PI: f64 = 3.141_59;
    let dtype = cx.value_ty(x).dtype;
    let doubled = with_number(cx, BinaryOp::Mul, x, 2.0)?;
    let x = with_number(cx, BinaryOp::Sub, doubled, 1.0)?;
    let one = cx.scalar(dtype, 1.0);
    let below = binary(cx, BinaryOp::Sub, one, x)?;
    let above = binary(cx, BinaryOp::Add, one, x)?;
    let product = binary(cx, BinaryOp::Mul, below, above)?;
    let log = map(cx, Log, product)?;
    let half = with_number(cx, BinaryOp::Mul, log, 0.5)?;
    let v = with_number(cx, BinaryOp::Add, half, 2.0 / (PI * A))?;
    let square = binary(cx, BinaryOp::Mul, v, v)?;
    let rest = with_number(cx, BinaryOp::Mul, log, 1.0 / A)?;
    let inside = binary(cx, BinaryOp::Sub, square, rest)?;
    let root = map(cx, Sqrt, inside)?;
    let inside = binary(cx, BinaryOp::Sub, root, v)?;
    let root = map(cx, Sqrt, inside)?;
    let zero = cx.scalar(dtype, 0.0);
    let negative = binary(cx, BinaryOp::Less, x, zero)?;
    let minus = cx.scalar(dtype, -1.0);
    let sign = cx.add(Select, &[negative, minus, one])?;
    let y = binary(cx, BinaryOp::Mul, root, sign)?;
    with_number(cx, BinaryOp::Mul, y, std::f64::consts::SQRT_2)
}

/// Input 0 as `[rows, features]` of `f32`; a vector is one row.
pub(in crate::front) fn rows(cx: &mut NodeContext<'_>) -> Result<ValueId, OpError> {
    let ty = cx.ty(0)?;
    if ![DType::F32, DType::F64, DType::I32, DType::I64].contains(&ty.dtype) {
        return Err(op_error(format!("features are {ty}")).help("supported: float32, float64, int32, int64"));
    }
    let x = cx.input(0)?;
    let x = match ty.shape[..] {
        [_, _] => x,
        [features] => reshaped(cx, x, &[1, features])?,
        _ => return Err(op_error(format!("the input {ty} is not rows of features"))),
    };
    cast(cx, x, DType::F32)
}

/// `x * w' + bias`, where `weights` are the rows of `w`.
pub(in crate::front) fn linear(
    cx: &mut NodeContext<'_>,
    x: ValueId,
    weights: &[f32],
    bias: &[f32],
) -> Result<ValueId, OpError> {
    let (features, outputs) = (cx.value_ty(x).shape[1], bias.len());
    if features.checked_mul(outputs) != Some(weights.len()) {
        return Err(op_error(format!(
            "{} coefficients are given for {features} features and {outputs} results",
            weights.len()
        )));
    }
    let columns = (0..features).flat_map(|i| (0..outputs).map(move |o| weights[o * features + i]));
    let w = Tensor::f32(&[features, outputs], &columns.collect::<Vec<_>>());
    let w = cx.add_constant(w);
    let y = cx.add(MatMul, &[x, w])?;
    if bias.iter().all(|bias| *bias == 0.0) {
        return Ok(y);
    }
    let bias = cx.add_constant(Tensor::f32(&[outputs], bias));
    binary(cx, BinaryOp::Add, y, bias)
}

/// The place of the greatest score of each row, the first of equal ones.
pub(in crate::front) fn greatest(cx: &mut NodeContext<'_>, scores: ValueId) -> Result<ValueId, OpError> {
    let rows = cx.value_ty(scores).shape[0];
    let greatest = ArgReduce {
        axis: 1,
        greatest: true,
        last: false,
    };
    let place = cx.add(greatest, &[scores])?;
    reshaped(cx, place, &[rows])
}

/// 1 for each row whose only score is greater than `bound`, else 0.
pub(in crate::front) fn above(cx: &mut NodeContext<'_>, score: ValueId, bound: f64) -> Result<ValueId, OpError> {
    let rows = cx.value_ty(score).shape[0];
    let score = reshaped(cx, score, &[rows])?;
    let above = with_number(cx, BinaryOp::Greater, score, bound)?;
    cast(cx, above, DType::I64)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, floats, int, run, text};
    use crate::ir::Tensor;

    #[test]
    fn transforms_of_rows() {
        let attributes = |transform: &str| {
            [
                floats("coefficients", &[1.0, 0.0, 0.0, 1.0]),
                int("targets", 2),
                text("post_transform", transform),
            ]
        };
        let x = || Given(Tensor::f32(&[1, 2], &[0.0, 0.75]));
        let y = |transform: &str| run(1, "LinearRegressor", &attributes(transform), &[x()], 1);
        assert_eq!(y("NONE"), Ok(vec![Tensor::f32(&[1, 2], &[0.0, 0.75])]));
        let near = |transform: &str, expected: [f32; 2]| {
            let y = y(transform).map(|y| y[0].to_f64()).unwrap_or_default();
            let is_near =
                |(y, expected): (&f64, f32)| (y - f64::from(expected)).abs() < 1e-5 || *y == f64::from(expected);
            assert!(
                y.len() == 2 && y.iter().zip(expected).all(is_near),
                "{transform}: {y:?}"
            );
        };
        near("SOFTMAX", [0.320_821, 0.679_179]);
        near("LOGISTIC", [0.5, 0.679_179]);
        near("SOFTMAX_ZERO", [0.0, 1.0]);
        near("PROBIT", [f32::NEG_INFINITY, 0.674_490]);
        assert!(y("TANH").is_err_and(|e| e.contains("post_transform")));
    }
}
