use super::body::{Body, Generic, compute, plain};
use crate::arch::Arch;
use crate::function::{Apply, Function};
use crate::{Param, Simd};

/// Applies one function to every element.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Map<F> {
    /// The function.
    pub function: F,
}

impl<'a, F: Function> Body<(&'a [f32], &'a mut [f32])> for Map<F> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [f32], &'a mut [f32])) {
        self.function.eval_all::<A>(x, y)
    }
}

impl<'a, F: Function> Body<&'a mut [f32]> for Map<F> {
    #[inline(always)]
    fn body<A: Arch>(self, y: &'a mut [f32]) {
        self.function.eval_in_place::<A>(y)
    }
}

impl<'a, T: Apply, F: Function> Body<Generic<(&'a [T], &'a mut [T])>> for Map<F> {
    #[inline(always)]
    fn body<A: Arch>(self, Generic((x, y)): Generic<(&'a [T], &'a mut [T])>) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = x.apply::<A, F>(self.function);
        }
    }
}

/// `y[i] = function(x[i])`.
#[inline(always)]
pub fn map<P: Param<Map<F>>, F: Function>(simd: Simd, layer: P, x: &[f32], y: &mut [f32]) {
    debug_assert_eq!(x.len(), y.len());
    compute(simd, layer, (x, y))
}

/// `y[i] = function(y[i])`.
#[inline(always)]
pub fn map_in_place<P: Param<Map<F>>, F: Function>(simd: Simd, layer: P, y: &mut [f32]) {
    compute(simd, layer, y)
}

/// `y[i] = function(x[i])` for any float.
#[inline(always)]
pub fn map_of<P: Param<Map<F>>, F: Function, T: Apply>(_: Simd, layer: P, x: &[T], y: &mut [T]) {
    debug_assert_eq!(x.len(), y.len());
    plain(layer.get(), Generic((x, y)))
}
