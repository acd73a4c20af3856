use crate::arch::{Arch, Kernel};
use crate::function::Function;
use crate::{Param, Simd};

/// Applies one function to every element.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Map<F> {
    /// The function.
    pub function: F,
}

struct Copying<'a, P, F> {
    map: P,
    x: &'a [f32],
    y: &'a mut [f32],
    function: core::marker::PhantomData<F>,
}

impl<P: Param<Map<F>>, F: Function> Kernel for Copying<'_, P, F> {
    type Shared = Self;

    #[inline(always)]
    fn shared(self) -> Self {
        self
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        let function = self.map.get().function;
        for (y, x) in self.y.iter_mut().zip(self.x) {
            *y = function.eval::<A>(*x);
        }
    }
}

struct InPlace<'a, P, F> {
    map: P,
    y: &'a mut [f32],
    function: core::marker::PhantomData<F>,
}

impl<P: Param<Map<F>>, F: Function> Kernel for InPlace<'_, P, F> {
    type Shared = Self;

    #[inline(always)]
    fn shared(self) -> Self {
        self
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        let function = self.map.get().function;
        for y in self.y {
            *y = function.eval::<A>(*y);
        }
    }
}

/// `y[i] = function(x[i])`.
#[inline(always)]
pub fn map<P: Param<Map<F>>, F: Function>(simd: Simd, map: P, x: &[f32], y: &mut [f32]) {
    debug_assert_eq!(x.len(), y.len());
    simd.run(Copying { map, x, y, function: core::marker::PhantomData });
}

/// `y[i] = function(y[i])`.
#[inline(always)]
pub fn map_in_place<P: Param<Map<F>>, F: Function>(simd: Simd, map: P, y: &mut [f32]) {
    simd.run(InPlace { map, y, function: core::marker::PhantomData });
}
