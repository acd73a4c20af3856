//! Floats in vectors of 512 bits, for processors that are at the level of [`Vnni`](super::vnni::Vnni).
#![allow(unsafe_code)]

use crate::arch::vectors::{Vector, Widen};
use crate::pack::PANEL;
use core::arch::x86_64::{
    __m512, _mm_loadl_epi64, _mm_loadu_si128, _mm256_loadu_si256, _mm512_add_ps, _mm512_cvtepi8_epi32,
    _mm512_cvtepi32_ps, _mm512_cvtepu8_epi64, _mm512_cvtph_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_or_si512,
    _mm512_permutexvar_ps, _mm512_set1_ps, _mm512_setr_ps, _mm512_setzero_ps, _mm512_slli_epi64, _mm512_storeu_ps,
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

impl Widen<[f32; PANEL]> for Sixteen {
    #[inline(always)]
    fn widen(row: &[f32; PANEL], _: usize) -> Self {
        Self::load(row)
    }
}

impl Widen<[f16; PANEL]> for Sixteen {
    #[inline(always)]
    fn widen(row: &[f16; PANEL], _: usize) -> Self {
        // SAFETY: see `Vnni`; there are sixteen halves of two bytes.
        Self(unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(row.as_ptr().cast())) })
    }
}

impl Widen<[i8; PANEL]> for Sixteen {
    #[inline(always)]
    fn widen(row: &[i8; PANEL], _: usize) -> Self {
        // SAFETY: see `Vnni`; there are sixteen bytes.
        Self(unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(row.as_ptr().cast()))) })
    }
}

impl Widen<[u8; PANEL / 2]> for Sixteen {
    #[inline(always)]
    fn widen(row: &[u8; PANEL / 2], _: usize) -> Self {
        // A pair in 64 bits, then each of its weights in the low bits of 32, which choose from the table.
        // SAFETY: see `Vnni`; there are eight bytes.
        Self(unsafe {
            let pairs = _mm512_cvtepu8_epi64(_mm_loadl_epi64(row.as_ptr().cast()));
            let low = _mm512_or_si512(pairs, _mm512_slli_epi64::<28>(pairs));
            let of_bits = _mm512_setr_ps(
                0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, -8.0, -7.0, -6.0, -5.0, -4.0, -3.0, -2.0, -1.0,
            );
            _mm512_permutexvar_ps(low, of_bits)
        })
    }
}
