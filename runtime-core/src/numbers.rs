//! What the matrix kernels multiply and add up.

use crate::Element;
use crate::arch::{Arch, portable};
use crate::packed::Packed;
use crate::requantize::Quantized;
use core::marker::PhantomData;

/// The numbers of a matrix kernel.
pub(crate) trait Numbers: Copy {
    /// Inputs.
    type X: Element;
    /// Weights.
    type W: Copy;
    /// Sums of their products.
    type Sum: Copy;
    /// An empty sum.
    const ZERO: Self::Sum;
    /// Whether inputs outside of an image are zero, so that their products can be left out.
    const OUTSIDE_IS_ZERO: bool;
    /// Whether sums are the same in any order.
    const ANY_ORDER: bool;
    /// Whether a tile has two rows where registers are few: integers share theirs with addresses.
    const PAIRS: bool;
    /// `sum + x * w`.
    fn mac<A: Arch>(x: Self::X, w: Self::W, sum: Self::Sum) -> Self::Sum;
    /// The sum of two.
    fn add(a: Self::Sum, b: Self::Sum) -> Self::Sum;
    /// `acc[i][j] + sum over k of rows[i][k] * panel[k][LANE + j]`, for every `k` of the panel, by the micro-kernel of
    /// the instruction set if it has one for these numbers.
    fn tile<A: Arch, W: Packed<Number = Self::W>, const M: usize, const N: usize, const LANE: usize>(
        acc: [[Self::Sum; N]; M],
        rows: [&[Self::X]; M],
        panel: &[W::Row],
    ) -> [[Self::Sum; N]; M];
}

/// `f32` throughout.
#[derive(Clone, Copy)]
pub(crate) struct Floats;

impl Numbers for Floats {
    type X = f32;
    type W = f32;
    type Sum = f32;
    const ZERO: f32 = 0.0;
    const OUTSIDE_IS_ZERO: bool = true;
    const PAIRS: bool = true;
    const ANY_ORDER: bool = false;

    #[inline(always)]
    fn mac<A: Arch>(x: f32, w: f32, sum: f32) -> f32 {
        A::fma(x, w, sum)
    }

    #[inline(always)]
    fn add(a: f32, b: f32) -> f32 {
        a + b
    }

    #[inline(always)]
    fn tile<A: Arch, W: Packed<Number = f32>, const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[W::Row],
    ) -> [[f32; N]; M] {
        match (W::as_f32(panel), W::as_f16(panel)) {
            (Some(panel), _) => A::tile_f32::<M, N, LANE>(acc, rows, panel),
            (_, Some(panel)) => A::tile_f16::<M, N, LANE>(acc, rows, panel),
            _ => portable::tile::<A, Self, W, M, N, LANE>(acc, rows, panel),
        }
    }
}

/// `f32` by weights that are small integers.
#[derive(Clone, Copy)]
pub(crate) struct Mixed;

impl Numbers for Mixed {
    type X = f32;
    type W = i8;
    type Sum = f32;
    const ZERO: f32 = 0.0;
    const OUTSIDE_IS_ZERO: bool = true;
    const PAIRS: bool = true;
    const ANY_ORDER: bool = false;

    #[inline(always)]
    fn mac<A: Arch>(x: f32, w: i8, sum: f32) -> f32 {
        A::fma(x, w.into(), sum)
    }

    #[inline(always)]
    fn add(a: f32, b: f32) -> f32 {
        a + b
    }

    #[inline(always)]
    fn tile<A: Arch, W: Packed<Number = i8>, const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[W::Row],
    ) -> [[f32; N]; M] {
        match (W::as_i8(panel), W::as_i4(panel)) {
            (Some(panel), _) => A::tile_f32_i8::<M, N, LANE>(acc, rows, panel),
            (_, Some(panel)) => A::tile_f32_i4::<M, N, LANE>(acc, rows, panel),
            _ => portable::tile::<A, Self, W, M, N, LANE>(acc, rows, panel),
        }
    }
}

/// Quantised inputs by `i8` weights.
#[derive(Clone, Copy)]
pub(crate) struct Integers<T>(PhantomData<T>);

impl<T: Quantized> Numbers for Integers<T> {
    type X = T;
    type W = i8;
    type Sum = T::Sum;
    const ZERO: T::Sum = T::ZERO;
    const OUTSIDE_IS_ZERO: bool = false;
    const PAIRS: bool = false;
    const ANY_ORDER: bool = true;

    #[inline(always)]
    fn mac<A: Arch>(x: T, w: i8, sum: T::Sum) -> T::Sum {
        T::mac(x, w, sum)
    }

    #[inline(always)]
    fn add(a: T::Sum, b: T::Sum) -> T::Sum {
        T::add(a, b)
    }

    #[inline(always)]
    fn tile<A: Arch, W: Packed<Number = i8>, const M: usize, const N: usize, const LANE: usize>(
        acc: [[T::Sum; N]; M],
        rows: [&[T]; M],
        panel: &[W::Row],
    ) -> [[T::Sum; N]; M] {
        T::tile::<A, W, M, N, LANE>(acc, rows, panel)
    }
}
