use super::{check_rank, row_major_strides};
use crate::ir::{Inputs, OpError, Operator, Permuted, TensorType, op_error};
use crate::kernels::{ReduceCall, ReduceOp, StridedCall};
use crate::lower::Lowering;

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
        shape
            .iter()
            .enumerate()
            .map(|(i, n)| if self.axes.contains(&i) { 1 } else { *n })
            .collect()
    }

    /// Extents before, along and after the reduced axes, if nothing lies between them.
    fn joined(&self, shape: &[usize]) -> Option<[usize; 3]> {
        let reduced: Vec<usize> = self.axes.iter().copied().filter(|a| shape[*a] != 1).collect();
        let (first, last) = match (reduced.first(), reduced.last()) {
            (Some(first), Some(last)) => (*first, *last),
            _ => return Some([shape.iter().product(), 1, 1]),
        };
        let between = (first..=last).all(|i| shape[i] == 1 || self.axes.contains(&i));
        let product = |range: &[usize]| range.iter().product();
        between.then(|| {
            [
                product(&shape[..first]),
                product(&shape[first..=last]),
                product(&shape[last + 1..]),
            ]
        })
    }
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
        let ty = cx.ty(0);
        let mut x = cx.input(0);
        let [outer, axis, inner] = match self.joined(&ty.shape) {
            Some(extents) => extents,
            None => {
                let (reduced, kept): (Vec<usize>, Vec<usize>) = (0..ty.rank()).partition(|i| self.axes.contains(i));
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
                x = rows;
                extents
            }
        };
        let y = cx.output(0);
        cx.call(
            ReduceCall {
                op: self.op,
                outer,
                axis,
                inner,
                dtype: ty.dtype,
            },
            &[x],
            &[y],
        );
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let axes = (0..perm.len()).filter(|i| self.axes.contains(&perm[*i])).collect();
        Some(Permuted {
            operator: Box::new(Self { op: self.op, axes }),
            transposed: vec![true],
        })
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
        let reduce = Reduce {
            op: ReduceOp::Sum,
            axes: vec![1, 3],
        };
        assert_eq!(reduce.joined(&[2, 3, 1, 4, 5]), Some([2, 12, 5]));
        assert_eq!(reduce.joined(&[2, 3, 2, 4, 5]), None);
        assert_eq!(reduce.joined(&[2, 1, 3, 1]), Some([6, 1, 1]));
    }
}
