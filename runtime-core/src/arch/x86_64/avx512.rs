//! Floats in vectors of 512 bits, for processors that are at the level of [`Vnni`](super::vnni::Vnni).
#![allow(unsafe_code)]

use crate::arch::vectors::{Vector, Widen};
use core::arch::x86_64::{
    __m512, _mm256_loadu_si256, _mm512_add_ps, _mm512_cvtph_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps,
    _mm512_setzero_ps, _mm512_storeu_ps,
};
use half::f16;

/// Sixteen floats, used where `Vnni` is.
#[derive(Clone, Copy)]
pub(super) struct Sixteen(pub(super) __m512);

impl Vector for Sixteen {
    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: see `Vnni`.
        Self(unsafe { _mm512_setzero_ps() })
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        match from.first_chunk::<16>() {
            // SAFETY: see `Vnni`; there are sixteen numbers.
            Some(sixteen) => Self(unsafe { _mm512_loadu_ps(sixteen.as_ptr()) }),
            None => Self::zero(),
        }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        if let Some(sixteen) = to.first_chunk_mut::<16>() {
            // SAFETY: see `Vnni`; there is room for sixteen numbers.
            unsafe { _mm512_storeu_ps(sixteen.as_mut_ptr(), self.0) };
        }
    }

    #[inline(always)]
    fn multiply_add(self, a: f32, c: Self) -> Self {
        // SAFETY: see `Vnni`.
        Self(unsafe { _mm512_fmadd_ps(_mm512_set1_ps(a), self.0, c.0) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see `Vnni`.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }
}

impl Widen<f32> for Sixteen {
    #[inline(always)]
    fn widen(from: &[f32]) -> Self {
        Self::load(from)
    }
}

impl Widen<f16> for Sixteen {
    #[inline(always)]
    fn widen(from: &[f16]) -> Self {
        match from.first_chunk::<16>() {
            // SAFETY: see `Vnni`; there are sixteen halves of two bytes.
            Some(sixteen) => Self(unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(sixteen.as_ptr().cast())) }),
            None => Self::zero(),
        }
    }
}
