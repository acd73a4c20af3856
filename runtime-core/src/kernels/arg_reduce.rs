use super::body::{Body, plain};
use super::chunks::rows_mut;
use super::walk::line;
use crate::arch::Arch;
use crate::{Number, Param, Simd};

/// The place of the greatest or least element along an axis: ONNX `ArgMax` and `ArgMin`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ArgReduce {
    /// Product of the sizes of the axes before the searched one.
    pub outer: usize,
    /// Size of the searched axis.
    pub axis: usize,
    /// Product of the sizes of the axes after it.
    pub inner: usize,
    /// Which of equal elements counts: the last, or the first.
    pub last: bool,
}

struct Greatest<'a, T>(&'a [T], &'a mut [i64]);
struct Least<'a, T>(&'a [T], &'a mut [i64]);

impl ArgReduce {
    #[inline(always)]
    fn search<T: Number>(self, x: &[T], y: &mut [i64], better: impl Fn(T, T) -> bool) {
        if self.inner == 0 {
            return;
        }
        for (outer, y) in rows_mut(y, self.inner).enumerate().take(self.outer) {
            for (inner, y) in y.iter_mut().enumerate() {
                let start = outer
                    .wrapping_mul(self.axis)
                    .wrapping_mul(self.inner)
                    .wrapping_add(inner);
                let Some(first) = x.get(start) else { return };
                let (mut best, mut place) = (*first, 0);
                for (i, x) in line(x, start, self.inner, self.axis).enumerate().skip(1) {
                    if better(x, best) || self.last && x == best {
                        (best, place) = (x, i as i64);
                    }
                }
                *y = place;
            }
        }
    }
}

impl<'a, T: Number> Body<Greatest<'a, T>> for ArgReduce {
    #[inline(always)]
    fn body<A: Arch>(self, Greatest(x, y): Greatest<'a, T>) {
        self.search(x, y, |a, b| a > b);
    }
}

impl<'a, T: Number> Body<Least<'a, T>> for ArgReduce {
    #[inline(always)]
    fn body<A: Arch>(self, Least(x, y): Least<'a, T>) {
        self.search(x, y, |a, b| a < b);
    }
}

/// `y[o, i]` is the place of the greatest of all `x[o, .., i]`.
#[inline(always)]
pub fn arg_max<P: Param<ArgReduce>, T: Number>(_: Simd, layer: P, x: &[T], y: &mut [i64]) {
    plain(layer.get(), Greatest(x, y))
}

/// `y[o, i]` is the place of the least of all `x[o, .., i]`.
#[inline(always)]
pub fn arg_min<P: Param<ArgReduce>, T: Number>(_: Simd, layer: P, x: &[T], y: &mut [i64]) {
    plain(layer.get(), Least(x, y))
}
