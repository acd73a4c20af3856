use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::{binary, map, reduce, storable, with_number};
use crate::front::shared::normalization::{cast, computed, reshaped};
use crate::ir::primitives::{BinaryOp, Gather, ReduceOp, Select};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};
use runtime_core::function::Neg;

/// Minus the logarithm of the probability of each sample's class, weighted and reduced.
pub(super) const NEGATIVE_LOG_LIKELIHOOD_LOSS: OperatorDef = OperatorDef {
    name: "NegativeLogLikelihoodLoss",
    domain: Domain::Onnx,
    versions: &[12, 13, 22],
    limits: "a class that is neither in range nor `ignore_index` counts as the nearest one",
    read: |cx| {
        let log_probabilities = computed(cx, 0)?;
        Ok(vec![loss(cx, log_probabilities)?])
    },
};

/// The loss for `x`, logarithms of probabilities `[N, C, ..]`, with the classes of input 1, `[N, ..]`, and the weights
/// of input 2.
pub(super) fn loss(cx: &mut NodeContext<'_>, x: ValueId) -> Result<ValueId, OpError> {
    let reductions = [("mean", Some(true)), ("sum", Some(false)), ("none", None)];
    let mean = cx.attributes.choice("reduction", &reductions)?;
    let ignored = if cx.attributes.has("ignore_index") {
        Some(cx.attributes.int("ignore_index", 0)?)
    } else {
        None
    };
    let (ty, classes) = (cx.value_ty(x).clone(), cx.ty(1)?);
    let [batch, count, ref rest @ ..] = ty.shape[..] else {
        return Err(op_error(format!("the input {ty} must have a batch and classes")));
    };
    if classes.shape != [&[batch], rest].concat() || !matches!(classes.dtype, DType::I32 | DType::I64) {
        return Err(op_error(format!("the classes {classes} do not fit the input {ty}"))
            .help("they must be i32 or i64, one for each sample"));
    }
    if count == 0 || classes.is_empty() && mean == Some(true) {
        return Err(op_error(format!("{ty} has no samples or no classes")));
    }
    let target = cx.input(1)?;
    let place = with_number(cx, BinaryOp::Max, target, 0.0)?;
    let place = with_number(cx, BinaryOp::Min, place, count as f64 - 1.0)?;
    let picked = picked(cx, x, place, count)?;
    let mut loss = map(cx, Neg, picked)?;
    let mut weight = if cx.has(2) {
        let weights = computed(cx, 2)?;
        if cx.value_ty(weights).shape != [count] {
            return Err(op_error(format!(
                "the weights {} are not {count}",
                cx.value_ty(weights)
            )));
        }
        Some(cx.add(Gather { axis: 0 }, &[weights, place])?)
    } else {
        None
    };
    if let Some(ignored) = ignored.filter(|class| classes.dtype == DType::I64 || i32::try_from(*class).is_ok()) {
        let ignored = cx.add_constant(Tensor::i64(&[], &[ignored]));
        let ignored = cast(cx, ignored, classes.dtype)?;
        let is_ignored = binary(cx, BinaryOp::Equal, target, ignored)?;
        let zero = cx.scalar(ty.dtype, 0.0);
        loss = cx.add(Select, &[is_ignored, zero, loss])?;
        let counted = match weight {
            Some(weight) => weight,
            None => cx.scalar(ty.dtype, 1.0),
        };
        weight = Some(cx.add(Select, &[is_ignored, zero, counted])?);
    }
    if let Some(weight) = weight {
        loss = binary(cx, BinaryOp::Mul, loss, weight)?;
    }
    let all = || (0..classes.rank()).collect::<Vec<_>>();
    loss = match (mean, weight) {
        (None, _) => loss,
        (Some(true), Some(weight)) => {
            let (sum, weight) = (
                reduce(cx, ReduceOp::Sum, loss, all())?,
                reduce(cx, ReduceOp::Sum, weight, all())?,
            );
            binary(cx, BinaryOp::Div, sum, weight)?
        }
        (Some(true), None) => reduce(cx, ReduceOp::Mean, loss, all())?,
        (Some(false), _) => reduce(cx, ReduceOp::Sum, loss, all())?,
    };
    if mean.is_some() {
        loss = reshaped(cx, loss, &[])?;
    }
    cast(cx, loss, cx.ty(0)?.dtype)
}

/// `x[n, place[n, ..], ..]` of `count` classes.
fn picked(cx: &mut NodeContext<'_>, x: ValueId, place: ValueId, count: usize) -> Result<ValueId, OpError> {
    let (ty, len) = (cx.value_ty(place).clone(), cx.value_ty(x).len());
    let inner: usize = ty.shape[1..].iter().product();
    let starts: Vec<i64> = (0..storable(&ty.shape)?)
        .map(|i| (i / inner * inner * count + i % inner) as i64)
        .collect();
    let starts = cx.add_constant(Tensor::i64(&ty.shape, &starts));
    let starts = cast(cx, starts, ty.dtype)?;
    let offset = with_number(cx, BinaryOp::Mul, place, inner as f64)?;
    let index = binary(cx, BinaryOp::Add, starts, offset)?;
    let x = reshaped(cx, x, &[len])?;
    if ty.is_empty() {
        return reshaped(cx, x, &ty.shape);
    }
    cx.add(Gather { axis: 0 }, &[x, index])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Absent, Given, int, run, text};
    use crate::ir::{DType, Tensor};

    #[test]
    fn classes_out_of_range_and_ignored() {
        let x = || Given(Tensor::f32(&[2, 2, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]));
        let classes = || Given(Tensor::i32(&[2, 2], &[0, -7, 1, 1]));
        let op = "NegativeLogLikelihoodLoss";
        let none = || text("reduction", "none");
        let all = run(13, op, &[none()], &[x(), classes()], 1);
        assert_eq!(all, Ok(vec![Tensor::f32(&[2, 2], &[-1.0, -2.0, -7.0, -8.0])]));
        let some = run(13, op, &[none(), int("ignore_index", -7)], &[x(), classes()], 1);
        assert_eq!(some, Ok(vec![Tensor::f32(&[2, 2], &[-1.0, 0.0, -7.0, -8.0])]));
        let mean = run(13, op, &[int("ignore_index", -7)], &[x(), classes(), Absent], 1);
        assert_eq!(mean, Ok(vec![Tensor::scalar(DType::F32, -16.0 / 3.0)]));
        let weights = Given(Tensor::f32(&[2], &[2.0, 1.0]));
        let mean = run(13, op, &[], &[x(), classes(), weights], 1);
        assert_eq!(mean, Ok(vec![Tensor::scalar(DType::F32, -21.0 / 6.0)]));
    }
}
