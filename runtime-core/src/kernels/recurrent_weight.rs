//! How recurrent cells read their weights: as they are, or stored in half precision.

use crate::Element;
use crate::arch::Arch;
use crate::pack::PANEL;
use half::f16;

/// A weight of a recurrent cell that computes in numbers of type `T`.
pub trait RecurrentWeight<T>: Element {
    /// Zero.
    const NOTHING: Self;

    /// Weights as the numbers that they are multiplied as; `N` is a multiple of eight.
    fn widened<A: Arch, const N: usize>(weights: &[Self; N]) -> [T; N];
}

macro_rules! whole {
    ($($ty:ty)*) => {$(
        impl RecurrentWeight<$ty> for $ty {
            const NOTHING: $ty = 0.0;

            #[inline(always)]
            fn widened<A: Arch, const N: usize>(weights: &[$ty; N]) -> [$ty; N] {
                *weights
            }
        }
    )*};
}
whole! { f32 f64 }

impl RecurrentWeight<f32> for f16 {
    const NOTHING: f16 = f16::ZERO;

    #[inline(always)]
    fn widened<A: Arch, const N: usize>(weights: &[f16; N]) -> [f32; N] {
        A::widen_f16(weights)
    }
}

/// Zeros for the units of a panel.
#[inline(always)]
pub(super) const fn nothing<T, W: RecurrentWeight<T>>() -> [W; PANEL] {
    [W::NOTHING; PANEL]
}
