use super::body::{Body, compute, plain};
use super::chunks::{rows, rows_mut};
use super::lanes::{LANES, add, fold_columns, fold_row, max, update_columns};
use super::walk::{copy_row, line};
use crate::arch::Arch;
use crate::function::{exp, log};
use crate::{Float, Param, Simd};

/// ONNX `Softmax` and `LogSoftmax` along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Softmax {
    /// Product of the sizes of the axes before the normalised one.
    pub outer: usize,
    /// Size of the normalised axis.
    pub axis: usize,
    /// Product of the sizes of the axes after it.
    pub inner: usize,
}

/// Whether the result is the probability or its logarithm.
trait Scale: Copy {
    const LOG: bool;
}
#[derive(Clone, Copy)]
struct Linear;
#[derive(Clone, Copy)]
struct Logarithm;
impl Scale for Linear {
    const LOG: bool = false;
}
impl Scale for Logarithm {
    const LOG: bool = true;
}

impl<'a, S: Scale> Body<(S, &'a [f32], &'a mut [f32])> for Softmax {
    #[inline(always)]
    fn body<A: Arch>(self, (_, x, y): (S, &'a [f32], &'a mut [f32])) {
        let Some(matrix) = self.axis.checked_mul(self.inner).filter(|size| *size > 0) else {
            return;
        };
        for (x, y) in rows(x, matrix).zip(rows_mut(y, matrix)) {
            copy_row(x, y);
            if self.inner == 1 {
                row::<A, S>(y);
            } else {
                for column in (0..self.inner).step_by(LANES) {
                    columns::<A, S>(self.inner, column, y);
                }
            }
        }
    }
}

#[inline(always)]
fn row<A: Arch, S: Scale>(y: &mut [f32]) {
    let greatest = fold_row(y, f32::NEG_INFINITY, max, max);
    if S::LOG {
        let shift = log::<A>(fold_row(y, 0.0, |sum, x| sum + exp::<A>(x - greatest), add));
        for y in y {
            *y = *y - greatest - shift;
        }
    } else {
        let scale = 1.0 / powers::<A>(y, greatest, 1.0);
        for y in y {
            *y *= scale;
        }
    }
}

/// `y = exp(factor * (y - greatest))`; gives the sum.
#[inline(always)]
pub(super) fn powers<A: Arch>(y: &mut [f32], greatest: f32, factor: f32) -> f32 {
    let mut sums = [0.0; LANES];
    let (chunks, rest) = y.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for i in 0..LANES {
            let power = exp::<A>((chunk[i] - greatest) * factor);
            chunk[i] = power;
            sums[i] += power;
        }
    }
    for (y, sum) in rest.iter_mut().zip(&mut sums) {
        *y = exp::<A>((*y - greatest) * factor);
        *sum += *y;
    }
    fold_row(&sums, 0.0, add, add)
}

#[inline(always)]
fn columns<A: Arch, S: Scale>(inner: usize, column: usize, y: &mut [f32]) {
    let zero = [0.0; LANES];
    let greatest = fold_columns(y, inner, column, zero, f32::NEG_INFINITY, |m, x, _| max(m, x), max);
    if S::LOG {
        let step = |sum, x, greatest| sum + exp::<A>(x - greatest);
        let shift = fold_columns(y, inner, column, greatest, 0.0, step, add).map(log::<A>);
        update_columns(y, inner, column, [greatest, shift, zero], |y, [greatest, shift, _]| {
            y - greatest - shift
        });
    } else {
        update_columns(y, inner, column, [greatest, zero, zero], |y, [greatest, ..]| {
            exp::<A>(y - greatest)
        });
        let scale = fold_columns(y, inner, column, zero, 0.0, |sum, y, _| sum + y, add).map(|sum| 1.0 / sum);
        update_columns(y, inner, column, [scale, zero, zero], |y, [scale, ..]| y * scale);
    }
}

/// Operands of any float, computed in `f32`.
struct Of<'a, S, T>(S, &'a [T], &'a mut [T]);

impl<'a, S: Scale, T: Float> Body<Of<'a, S, T>> for Softmax {
    #[inline(always)]
    fn body<A: Arch>(self, Of(_, x, y): Of<'a, S, T>) {
        let Some(matrix) = self.axis.checked_mul(self.inner).filter(|size| *size > 0) else {
            return;
        };
        for (x, y) in rows(x, matrix).zip(rows_mut(y, matrix)) {
            for i in 0..self.inner {
                let line = || line(x, i, self.inner, self.axis).map(|x| x.to_f32());
                let greatest = line().fold(f32::NEG_INFINITY, max);
                let sum: f32 = line().map(|x| exp::<A>(x - greatest)).sum();
                let shift = log::<A>(sum);
                for (j, x) in line().enumerate() {
                    let x = x - greatest;
                    let Some(y) = y.get_mut(j.wrapping_mul(self.inner).wrapping_add(i)) else {
                        return;
                    };
                    *y = T::from_f32(if S::LOG { x - shift } else { exp::<A>(x) / sum });
                }
            }
        }
    }
}

/// `y = exp(x - max(x)) / sum(exp(x - max(x)))` along the axis.
#[inline(always)]
pub fn softmax<P: Param<Softmax>>(simd: Simd, layer: P, x: &[f32], y: &mut [f32]) {
    debug_assert_eq!(x.len(), y.len());
    compute(simd, layer, (Linear, x, y))
}

/// `y = log(softmax(x))` along the axis.
#[inline(always)]
pub fn log_softmax<P: Param<Softmax>>(simd: Simd, layer: P, x: &[f32], y: &mut [f32]) {
    debug_assert_eq!(x.len(), y.len());
    compute(simd, layer, (Logarithm, x, y))
}

/// [`softmax`] of any float, computed in `f32`.
#[inline(always)]
pub fn softmax_of<P: Param<Softmax>, T: Float>(_: Simd, layer: P, x: &[T], y: &mut [T]) {
    plain(layer.get(), Of(Linear, x, y))
}

/// [`log_softmax`] of any float, computed in `f32`.
#[inline(always)]
pub fn log_softmax_of<P: Param<Softmax>, T: Float>(_: Simd, layer: P, x: &[T], y: &mut [T]) {
    plain(layer.get(), Of(Logarithm, x, y))
}
