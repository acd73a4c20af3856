use super::body::{Body, plain};
use super::chunks::{rows, rows_mut};
use super::reduce_op::ReduceOp;
use crate::arch::Arch;
use crate::{Number, Param, Simd};

/// Combines each element with all before it along an axis: ONNX `CumSum` and `CumProd`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Cumulate<Op> {
    /// Product of the sizes of the axes before this one.
    pub outer: usize,
    /// Size of the axis.
    pub axis: usize,
    /// Product of the sizes of the axes after it.
    pub inner: usize,
    /// Whether an element is combined with those before it only, not with itself.
    pub exclusive: bool,
    /// Whether to go from the last element to the first.
    pub reverse: bool,
    /// How elements are combined: [`Sum`](super::Sum) or [`Prod`](super::Prod).
    pub op: Op,
}

impl<'a, T: Number, Op: ReduceOp<T>> Body<(&'a [T], &'a mut [T])> for Cumulate<Op> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [T], &'a mut [T])) {
        let Some(slice) = self.axis.checked_mul(self.inner) else {
            return;
        };
        for (x, y) in rows(x, slice).zip(rows_mut(y, slice)).take(self.outer) {
            for column in 0..self.inner {
                let mut total = self.op.start();
                for i in 0..self.axis {
                    let i = if self.reverse { self.axis - 1 - i } else { i };
                    let at = i * self.inner + column;
                    let (Some(x), Some(y)) = (x.get(at), y.get_mut(at)) else {
                        return;
                    };
                    let next = self.op.combine(total, *x);
                    *y = if self.exclusive { total } else { next };
                    total = next;
                }
            }
        }
    }
}

/// `y[o, j, i]` from all `x[o, ..=j, i]`.
#[inline(always)]
pub fn cumulate<P: Param<Cumulate<Op>>, T: Number, Op: ReduceOp<T>>(_: Simd, layer: P, x: &[T], y: &mut [T]) {
    debug_assert_eq!(x.len(), y.len());
    plain(layer.get(), (x, y))
}
