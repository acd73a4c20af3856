//! The end of integer kernels: one rounding, the zero point, the limits.

use crate::arch::Arch;
use crate::requantize::{Stored, rescale};

/// Applied to each exact sum.
#[derive(Clone, Copy)]
pub(super) struct Output {
    /// Bits to shift by, 1 to 62.
    pub(super) shift: u32,
    /// Zero point.
    pub(super) zero: i32,
    /// Least output.
    pub(super) min: i32,
    /// Greatest output.
    pub(super) max: i32,
}

impl Output {
    /// `zero + sum * multiplier / 2^shift`, rounded half to even and limited. The product must fit into 63 bits.
    #[inline(always)]
    pub(super) fn of<T: Stored>(self, sum: i64, multiplier: i32) -> T {
        T::narrow(self.limited(sum, multiplier))
    }

    #[inline(always)]
    fn limited(self, sum: i64, multiplier: i32) -> i32 {
        let value = rescale(sum, multiplier, self.shift).saturating_add(self.zero.into());
        value.max(self.min.into()).min(self.max.into()) as i32
    }

    /// [`of`](Self::of) as a call of its own on cores with little flash, for results that are few.
    #[inline(always)]
    pub(super) fn of_few<A: Arch, T: Stored>(self, sum: i64, multiplier: i32) -> T {
        if A::NARROW {
            T::narrow(self.shared(sum, multiplier))
        } else {
            self.of(sum, multiplier)
        }
    }

    #[inline(never)]
    fn shared(self, sum: i64, multiplier: i32) -> i32 {
        self.limited(sum, multiplier)
    }
}
