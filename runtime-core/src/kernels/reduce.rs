use super::body::{Body, Generic, compute, plain};
use super::chunks::{blocks_mut, rows, rows_mut};
use super::lanes::{LANES, fold_columns, fold_row, max};
use super::reduce_op::ReduceOp;
use super::walk::line;
use crate::arch::Arch;
use crate::{Number, Param, Simd, bf16, f16};

/// Combines the elements along an axis: ONNX `ReduceSum`, `ReduceMax` and so on, `GlobalAveragePool` (channels-last:
/// the axis is all pixels). Adjacent axes are merged; other sets of axes take several calls or a transposition.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Reduce<Op> {
    /// Product of the sizes of the axes before the reduced one.
    pub outer: usize,
    /// Size of the reduced axis.
    pub axis: usize,
    /// Product of the sizes of the axes after it.
    pub inner: usize,
    /// What is made of the elements.
    pub op: Op,
}

/// An infinite greatest element is no pivot: the difference from it would be NaN.
#[inline(always)]
fn finite(pivot: f32) -> f32 {
    if pivot.abs() < f32::INFINITY { pivot } else { 0.0 }
}

impl<Op: ReduceOp<f32>> Reduce<Op> {
    #[inline(always)]
    fn rows<A: Arch>(self, x: &[f32], y: &mut [f32]) {
        let op = self.op;
        for (y, x) in y.iter_mut().zip(rows(x, self.axis)) {
            let pivot = if Op::PIVOT {
                finite(fold_row(x, f32::LEAST, max, max))
            } else {
                0.0
            };
            let step = |total, x| op.combine(total, op.enter::<A>(x, pivot));
            let total = fold_row(x, op.start(), step, |a, b| op.combine(a, b));
            *y = op.finish::<A>(total, pivot, self.axis);
        }
    }

    #[inline(always)]
    fn columns<A: Arch>(self, x: &[f32], y: &mut [f32]) {
        let (op, inner) = (self.op, self.inner);
        let Some(matrix) = self.axis.checked_mul(inner).filter(|size| *size > 0) else {
            return;
        };
        for (y, x) in rows_mut(y, inner).zip(rows(x, matrix)) {
            for (block, y) in blocks_mut(y, LANES).enumerate() {
                let column = block * LANES;
                let zero = [0.0; LANES];
                let pivot = if Op::PIVOT {
                    fold_columns(x, inner, column, zero, f32::LEAST, |m, x, _| max(m, x), max).map(finite)
                } else {
                    zero
                };
                let step = |total, x, pivot| op.combine(total, op.enter::<A>(x, pivot));
                let total = fold_columns(x, inner, column, pivot, op.start(), step, |a, b| op.combine(a, b));
                for ((y, total), pivot) in y.iter_mut().zip(total).zip(pivot) {
                    *y = op.finish::<A>(total, pivot, self.axis);
                }
            }
        }
    }
}

impl<'a, Op: ReduceOp<f32>> Body<(&'a [f32], &'a mut [f32])> for Reduce<Op> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [f32], &'a mut [f32])) {
        if self.axis == 0 {
            y.fill(self.op.finish::<A>(self.op.start(), 0.0, 0));
        } else if self.inner == 1 {
            self.rows::<A>(x, y);
        } else {
            self.columns::<A>(x, y);
        }
    }
}

/// The type in which elements are accumulated: `f32` for the halves, else the type itself.
pub trait Accumulate: Number {
    /// That type.
    type Total: Number;
    /// The element as that type.
    fn widen(self) -> Self::Total;
    /// Nearest element.
    fn narrow(total: Self::Total) -> Self;
}

macro_rules! accumulate {
    ($($ty:ty, $total:ty, |$x:ident| $widen:expr, |$t:ident| $narrow:expr;)*) => {$(
        impl Accumulate for $ty {
            type Total = $total;

            #[inline(always)]
            fn widen(self) -> $total {
                let $x = self;
                $widen
            }

            #[inline(always)]
            fn narrow($t: $total) -> Self {
                $narrow
            }
        }
    )*};
}
accumulate! {
    f16, f32, |x| x.to_f32(), |total| f16::from_f32(total);
    bf16, f32, |x| x.to_f32(), |total| bf16::from_f32(total);
    f32, f32, |x| x, |total| total;
    f64, f64, |x| x, |total| total;
    i8, i8, |x| x, |total| total;
    i16, i16, |x| x, |total| total;
    i32, i32, |x| x, |total| total;
    i64, i64, |x| x, |total| total;
    u8, u8, |x| x, |total| total;
    u16, u16, |x| x, |total| total;
    u32, u32, |x| x, |total| total;
    u64, u64, |x| x, |total| total;
}

impl<'a, T: Accumulate, Op: ReduceOp<T::Total>> Body<Generic<(&'a [T], &'a mut [T])>> for Reduce<Op> {
    #[inline(always)]
    fn body<A: Arch>(self, Generic((x, y)): Generic<(&'a [T], &'a mut [T])>) {
        let op = self.op;
        if self.inner == 0 {
            return;
        }
        for (outer, y) in rows_mut(y, self.inner).enumerate().take(self.outer) {
            for (inner, y) in y.iter_mut().enumerate() {
                let start = outer
                    .wrapping_mul(self.axis)
                    .wrapping_mul(self.inner)
                    .wrapping_add(inner);
                let line = || line(x, start, self.inner, self.axis);
                let mut pivot = T::Total::ZERO;
                if Op::PIVOT {
                    let greatest = line().fold(T::Total::LEAST, |m, x| Number::max(m, x.widen()));
                    let infinite = greatest == T::Total::LEAST || greatest == T::Total::GREATEST;
                    pivot = if infinite { pivot } else { greatest };
                }
                let total = line().fold(op.start(), |t, x| op.combine(t, op.enter::<A>(x.widen(), pivot)));
                *y = T::narrow(op.finish::<A>(total, pivot, self.axis));
            }
        }
    }
}

/// `y[o, i]` from all `x[o, .., i]`.
#[inline(always)]
pub fn reduce<P: Param<Reduce<Op>>, Op: ReduceOp<f32>>(simd: Simd, layer: P, x: &[f32], y: &mut [f32]) {
    compute(simd, layer, (x, y))
}

/// `y[o, i]` from all `x[o, .., i]`, for any number.
#[inline(always)]
pub fn reduce_of<P, T, Op>(_: Simd, layer: P, x: &[T], y: &mut [T])
where
    P: Param<Reduce<Op>>,
    T: Accumulate,
    Op: ReduceOp<T::Total>,
{
    plain(layer.get(), Generic((x, y)))
}
