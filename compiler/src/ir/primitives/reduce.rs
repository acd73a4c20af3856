use super::{BinaryOp, Cast};
use crate::bindings::{ReduceCall, ReduceOp, StridedCall};
use crate::ir::geometry::{check_rank, row_major_strides};
use crate::ir::program::View;
use crate::ir::{Gradient, Lowering};
use crate::ir::{Inputs, Movement, OpError, Operator, Parts, Permuted, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::function::{Exp, Neg, Sign};

/// Combines the elements along some axes, which stay with an extent of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduce {
    /// What is made of the elements.
    pub op: ReduceOp,
    /// The axes, ascending.
    pub axes: Vec<usize>,
}

impl Reduce {
    /// The shape after the reduction.
    pub fn reduced(&self, shape: &[usize]) -> Vec<usize> {
        reduced(&self.axes, shape)
    }
}

/// A shape after the reduction of `axes`.
pub(super) fn reduced(axes: &[usize], shape: &[usize]) -> Vec<usize> {
    let kept = |(i, n): (usize, &usize)| if axes.contains(&i) { 1 } else { *n };
    shape.iter().enumerate().map(kept).collect()
}

/// Axes after a transposition.
pub(super) fn permuted(axes: &[usize], perm: &[usize]) -> Vec<usize> {
    (0..perm.len()).filter(|i| axes.contains(&perm[*i])).collect()
}

/// Extents before, along and after the reduced axes, if nothing lies between them.
fn joined(axes: &[usize], shape: &[usize]) -> Option<[usize; 3]> {
    let reduced: Vec<usize> = axes.iter().copied().filter(|a| shape[*a] != 1).collect();
    let (first, last) = match (reduced.first(), reduced.last()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => return Some([shape.iter().product(), 1, 1]),
    };
    let between = (first..=last).all(|i| shape[i] == 1 || axes.contains(&i));
    let product = |range: &[usize]| range.iter().product();
    between.then(|| {
        [
            product(&shape[..first]),
            product(&shape[first..=last]),
            product(&shape[last + 1..]),
        ]
    })
}

/// The elements of the input, transposed if something lies between the reduced axes, and the extents before, along and
/// after these.
pub(super) fn lines(cx: &mut Lowering<'_>, axes: &[usize]) -> Result<(View, [usize; 3]), OpError> {
    let (ty, x) = (cx.ty(0), cx.input(0));
    if let Some(extents) = joined(axes, &ty.shape) {
        return Ok((x, extents));
    }
    let (reduced, kept): (Vec<usize>, Vec<usize>) = (0..ty.rank()).partition(|i| axes.contains(i));
    let extent = |axes: &[usize]| axes.iter().map(|a| ty.shape[*a]).product::<usize>();
    let extents = [extent(&kept), extent(&reduced), 1];
    let strides = row_major_strides(&ty.shape);
    let order: Vec<usize> = kept.into_iter().chain(reduced).collect();
    let gather = StridedCall {
        dims: order.iter().map(|a| ty.shape[*a]).collect(),
        strides: order.iter().map(|a| strides[*a] as isize).collect(),
        offset: 0,
        size: ty.dtype.size(),
    }
    .simplified();
    check_rank(&gather.dims)?;
    let rows = cx.temporary("rows", ty.dtype, ty.len());
    cx.call(gather, &[x], &[rows]);
    Ok((rows, extents))
}

impl Operator for Reduce {
    fn name(&self) -> &'static str {
        match self.op {
            ReduceOp::Sum => "ReduceSum",
            ReduceOp::Mean => "ReduceMean",
            ReduceOp::Max => "ReduceMax",
            ReduceOp::Min => "ReduceMin",
            ReduceOp::Prod => "ReduceProd",
            ReduceOp::SumSquare => "ReduceSumSquare",
            ReduceOp::L1 => "ReduceL1",
            ReduceOp::L2 => "ReduceL2",
            ReduceOp::LogSum => "ReduceLogSum",
            ReduceOp::LogSumExp => "ReduceLogSumExp",
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if !self.op.accepts(x.dtype) {
            return Err(op_error(format!(
                "element type {} is not supported by {}",
                x.dtype,
                self.name()
            )));
        }
        for axis in &self.axes {
            x.axis(*axis as i64)?;
        }
        Ok(vec![x.with_shape(self.reduced(&x.shape))])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let dtype = cx.ty(0).dtype;
        let (x, [outer, axis, inner]) = lines(cx, &self.axes)?;
        let y = cx.output(0);
        cx.call(
            ReduceCall {
                op: self.op,
                outer,
                axis,
                inner,
                dtype,
            },
            &[x],
            &[y],
        );
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let axes = permuted(&self.axes, perm);
        Some(Permuted {
            operator: Box::new(Self { op: self.op, axes }),
            transposed: vec![true],
        })
    }

    fn movement(&self, _: usize) -> Option<Movement> {
        matches!(self.op, ReduceOp::Max | ReduceOp::Min).then(Movement::of_first)
    }

    fn parts(&self, axis: usize, x: &[usize], _: &[usize]) -> Option<Parts> {
        (!self.axes.contains(&axis)).then(|| Parts::same(axis, x[axis]))
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (x, y, g) = (cx.input(0)?, cx.output(0), cx.of_output()?);
        let shape = cx.shape(x);
        let count: usize = self.axes.iter().map(|axis| shape[*axis]).product();
        let slope = match self.op {
            ReduceOp::Sum => None,
            ReduceOp::Mean => Some(cx.number_like(x, 1.0 / count as f64)),
            ReduceOp::SumSquare => Some(cx.with_number(BinaryOp::Mul, x, 2.0)?),
            ReduceOp::L1 => Some(cx.map(Sign, x)?),
            ReduceOp::L2 => Some(cx.binary(BinaryOp::Div, x, y)?),
            ReduceOp::LogSum => {
                let opposite = cx.map(Neg, y)?;
                Some(cx.map(Exp, opposite)?)
            }
            ReduceOp::LogSumExp => {
                let difference = cx.binary(BinaryOp::Sub, x, y)?;
                Some(cx.map(Exp, difference)?)
            }
            // Elements that equal the result share it.
            ReduceOp::Max | ReduceOp::Min => {
                let equal = cx.binary(BinaryOp::Equal, x, y)?;
                let to = cx.ty(x).dtype;
                let equal = cx.add(Cast { to }, &[equal])?;
                let count = cx.sum(equal, self.axes.clone())?;
                Some(cx.binary(BinaryOp::Div, equal, count)?)
            }
            ReduceOp::Prod => return Err(op_error("its gradient is not known")),
        };
        let gradient = match slope {
            Some(slope) => cx.product(g, slope)?,
            None => g,
        };
        let gradient = cx.expanded(gradient, &shape)?;
        cx.give(0, gradient)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let (axis, _) = time.first()?;
        match self.axes.contains(&axis) {
            true => OverTime::whole(self, time),
            false => OverTime::frames(self.clone(), axis),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_follow_a_transposition() {
        let pool = Reduce {
            op: ReduceOp::Mean,
            axes: vec![2, 3],
        };
        let permuted = pool.permute(&[0, 2, 3, 1], &[]).map(|p| p.operator);
        assert!(permuted.is_some_and(|op| op.same(&Reduce {
            op: ReduceOp::Mean,
            axes: vec![1, 2]
        })));
    }

    #[test]
    fn dimensions_of_one_do_not_separate_axes() {
        assert_eq!(joined(&[1, 3], &[2, 3, 1, 4, 5]), Some([2, 12, 5]));
        assert_eq!(joined(&[1, 3], &[2, 3, 2, 4, 5]), None);
        assert_eq!(joined(&[1, 3], &[2, 1, 3, 1]), Some([6, 1, 1]));
    }
}
