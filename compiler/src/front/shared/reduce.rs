//! What the reductions have in common.

use super::normalization::cast;
use crate::front::node::NodeContext;
use crate::ir::primitives::{Reduce, ReduceOp, Reshape};
use crate::ir::{DType, OpError, ValueId, op_error};

/// Reads a reduction: `axes` is an attribute in older versions, an input in newer ones; without it, all axes.
pub(in crate::front) fn read(cx: &mut NodeContext<'_>, op: ReduceOp) -> Result<Vec<ValueId>, OpError> {
    let ty = cx.ty(0)?;
    let keepdims = cx.attributes.flag("keepdims", true)?;
    let none_reduces_none = cx.attributes.flag("noop_with_empty_axes", false)?;
    let axes = cx.ints_of(1, "axes")?.unwrap_or_default();
    let mut axes = if axes.is_empty() && !none_reduces_none {
        (0..ty.rank()).collect()
    } else {
        ty.axes(&axes)?
    };
    axes.sort_unstable();
    let x = cx.input(0)?;
    let wide = wide(op, ty.dtype)?;
    let x = cast(cx, x, wide)?;
    let y = cx.add(Reduce { op, axes: axes.clone() }, &[x])?;
    let mut y = cast(cx, y, ty.dtype)?;
    if !keepdims && !axes.is_empty() {
        let kept = (0..ty.rank())
            .filter(|i| !axes.contains(i))
            .map(|i| ty.shape[i])
            .collect();
        y = cx.add(Reshape { shape: kept }, &[y])?;
    }
    Ok(vec![y])
}

/// The type to compute in.
fn wide(op: ReduceOp, dtype: DType) -> Result<DType, OpError> {
    match op {
        _ if dtype == DType::Bool => Ok(DType::U8),
        ReduceOp::L2 | ReduceOp::LogSum if dtype.is_integer() => Ok(DType::F64),
        ReduceOp::LogSumExp if dtype.is_integer() => {
            Err(op_error(format!("the exponential of {dtype} is not defined")).help("cast the input to a float"))
        }
        _ => Ok(dtype),
    }
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, ints, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn axes_move_from_attribute_to_input() {
        let x = || Given(Tensor::f32(&[2, 2], &[1.0, 2.0, 3.0, 4.0]));
        let axes = || Known(Tensor::i64(&[1], &[-1]));
        let sums = Ok(vec![Tensor::f32(&[2, 1], &[3.0, 7.0])]);
        assert_eq!(run(11, "ReduceSum", &[ints("axes", &[-1])], &[x()], 1), sums);
        assert_eq!(run(13, "ReduceSum", &[], &[x(), axes()], 1), sums);
        assert!(
            run(18, "ReduceMax", &[ints("axes", &[0])], &[x(), axes()], 1).is_err(),
            "given twice"
        );
        let all = run(18, "ReduceMax", &[int("keepdims", 0)], &[x()], 1);
        assert_eq!(all, Ok(vec![Tensor::scalar(DType::F32, 4.0)]));
    }

    #[test]
    fn no_axes_may_mean_none() {
        let x = || Given(Tensor::f32(&[2], &[2.0, 3.0]));
        let noop = [int("noop_with_empty_axes", 1), int("keepdims", 0)];
        assert_eq!(
            run(18, "ReduceSumSquare", &noop, &[x()], 1),
            Ok(vec![Tensor::f32(&[2], &[4.0, 9.0])])
        );
    }

    #[test]
    fn axes_with_others_between() {
        let x = Given(Tensor::i64(&[2, 2, 2], &[1, 2, 3, 4, 5, 6, 7, 8]));
        let axes = Known(Tensor::i64(&[2], &[2, 0]));
        let sums = run(13, "ReduceSum", &[int("keepdims", 0)], &[x, axes], 1);
        assert_eq!(sums, Ok(vec![Tensor::i64(&[2], &[14, 22])]));
    }

    #[test]
    fn nothing_to_reduce() {
        let x = || Given(Tensor::f32(&[0, 2], &[]));
        let axes = || Known(Tensor::i64(&[1], &[0]));
        let sums = run(18, "ReduceSum", &[], &[x(), axes()], 1);
        assert_eq!(sums, Ok(vec![Tensor::f32(&[1, 2], &[0.0; 2])]));
        let least = run(18, "ReduceMax", &[], &[x(), axes()], 1);
        assert_eq!(least, Ok(vec![Tensor::f32(&[1, 2], &[f32::NEG_INFINITY; 2])]));
    }

    #[test]
    fn roots_and_logarithms_of_integers_round_towards_zero() {
        let x = || Given(Tensor::i32(&[3], &[3, 4, 2]));
        let y = Ok(vec![Tensor::i32(&[1], &[5])]);
        assert_eq!(run(18, "ReduceL2", &[], &[x()], 1), y);
        assert_eq!(
            run(18, "ReduceLogSum", &[], &[x()], 1),
            Ok(vec![Tensor::i32(&[1], &[2])])
        );
        assert!(run(18, "ReduceLogSumExp", &[], &[x()], 1).is_err_and(|e| e.contains("cast")));
    }

    #[test]
    fn booleans() {
        let x = Given(Tensor::new(DType::Bool, vec![2], vec![0, 1]));
        let any = run(20, "ReduceMax", &[], &[x], 1);
        assert_eq!(any, Ok(vec![Tensor::new(DType::Bool, vec![1], vec![1])]));
    }
}
