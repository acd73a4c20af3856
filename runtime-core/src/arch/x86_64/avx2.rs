//! AVX2 with FMA and F16C: what processors of the last ten years have.
#![allow(unsafe_code)]

use super::pairs::{self, Bytes, HalfBytes};
use super::requantize;
use crate::arch::rounding::fits;
use crate::arch::vectors::{self, Vector, Widen};
use crate::arch::{Arch, portable};
use crate::numbers::{Floats, Integers, Mixed};
use crate::pack::PANEL;
use crate::requantize::Requantize;
use core::arch::x86_64::{
    __m256, _mm_cvtsi32_si128, _mm_cvtss_f32, _mm_fmadd_ss, _mm_loadl_epi64, _mm_loadu_si128, _mm_set_ss,
    _mm256_add_ps, _mm256_cvtepi8_epi32, _mm256_cvtepi32_ps, _mm256_cvtepu8_epi64, _mm256_cvtph_ps, _mm256_fmadd_ps,
    _mm256_loadu_ps, _mm256_or_si256, _mm256_set1_ps, _mm256_setzero_ps, _mm256_slli_epi32, _mm256_slli_epi64,
    _mm256_srai_epi32, _mm256_storeu_ps,
};
use half::f16;

/// AVX2, FMA and F16C. Private to this folder, and only used inside functions that enable them: that is what makes its
/// intrinsics sound.
#[derive(Clone, Copy)]
pub(super) struct Avx2;

impl Arch for Avx2 {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        // `f32::mul_add` is not in `core`; this intrinsic becomes the same `llvm.fma` and vectorises alike.
        // SAFETY: see `Avx2`.
        unsafe { _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c))) }
    }

    #[inline(always)]
    fn tile_f32<const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[[f32; PANEL]],
    ) -> [[f32; N]; M] {
        match N {
            16 => vectors::tile::<Eight, [f32; PANEL], M, N, LANE, 2>(acc, rows, panel),
            8 => vectors::tile::<Eight, [f32; PANEL], M, N, LANE, 1>(acc, rows, panel),
            _ => portable::tile::<Self, Floats, f32, M, N, LANE>(acc, rows, panel),
        }
    }

    #[inline(always)]
    fn tile_f16<const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[[f16; PANEL]],
    ) -> [[f32; N]; M] {
        match N {
            16 => vectors::tile::<Eight, [f16; PANEL], M, N, LANE, 2>(acc, rows, panel),
            8 => vectors::tile::<Eight, [f16; PANEL], M, N, LANE, 1>(acc, rows, panel),
            _ => portable::tile::<Self, Floats, f16, M, N, LANE>(acc, rows, panel),
        }
    }

    #[inline(always)]
    fn widen_f16<const N: usize>(halves: &[f16; N]) -> [f32; N] {
        let mut floats = [0.0; N];
        for (floats, halves) in floats.as_chunks_mut::<8>().0.iter_mut().zip(halves.as_chunks::<8>().0) {
            // SAFETY: see `Avx2`; there are eight halves and room for eight floats.
            unsafe {
                let eight = _mm256_cvtph_ps(_mm_loadu_si128(halves.as_ptr().cast()));
                _mm256_storeu_ps(floats.as_mut_ptr(), eight);
            }
        }
        floats
    }

    #[inline(always)]
    fn tile_f32_i8<const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[[i8; PANEL]],
    ) -> [[f32; N]; M] {
        match N {
            16 => vectors::tile::<Eight, [i8; PANEL], M, N, LANE, 2>(acc, rows, panel),
            8 => vectors::tile::<Eight, [i8; PANEL], M, N, LANE, 1>(acc, rows, panel),
            _ => portable::tile::<Self, Mixed, i8, M, N, LANE>(acc, rows, panel),
        }
    }

    #[inline(always)]
    fn tile_f32_i4<const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[[u8; PANEL / 2]],
    ) -> [[f32; N]; M] {
        match N {
            16 => vectors::tile::<Eight, [u8; PANEL / 2], M, N, LANE, 2>(acc, rows, panel),
            8 => vectors::tile::<Eight, [u8; PANEL / 2], M, N, LANE, 1>(acc, rows, panel),
            _ => portable::tile::<Self, Mixed, u8, M, N, LANE>(acc, rows, panel),
        }
    }

    #[inline(always)]
    fn tile_i8<const M: usize, const N: usize, const LANE: usize>(
        acc: [[i32; N]; M],
        rows: [&[i8]; M],
        panel: &[[i8; PANEL]],
    ) -> [[i32; N]; M] {
        match (LANE, N) {
            // SAFETY: see `Avx2`.
            (0, 16) => unsafe { pairs::apart::<Bytes, M, N, 2>(acc, rows, panel) },
            // SAFETY: see `Avx2`.
            (0, 8) => unsafe { pairs::apart::<Bytes, M, N, 1>(acc, rows, panel) },
            _ => portable::tile::<Self, Integers<i8>, i8, M, N, LANE>(acc, rows, panel),
        }
    }

    #[inline(always)]
    fn tile_i4<const M: usize, const N: usize, const LANE: usize>(
        acc: [[i32; N]; M],
        rows: [&[i8]; M],
        panel: &[[u8; PANEL / 2]],
    ) -> [[i32; N]; M] {
        match (LANE, N) {
            // SAFETY: see `Avx2`.
            (0, 16) => unsafe { pairs::apart::<HalfBytes, M, N, 2>(acc, rows, panel) },
            // SAFETY: see `Avx2`.
            (0, 8) => unsafe { pairs::apart::<HalfBytes, M, N, 1>(acc, rows, panel) },
            _ => portable::tile::<Self, Integers<i8>, u8, M, N, LANE>(acc, rows, panel),
        }
    }

    #[inline(always)]
    fn requantize<const N: usize>(f: Requantize, sums: [i32; N], multipliers: [i32; N]) -> [i8; N] {
        if N.is_multiple_of(8) && fits(f) {
            // SAFETY: see `Avx2`.
            unsafe { requantize::outputs_256(f, sums, multipliers) }
        } else {
            portable::requantize(f, sums, multipliers)
        }
    }
}

/// Eight floats, used where `Avx2` is.
#[derive(Clone, Copy)]
struct Eight(__m256);

impl Vector for Eight {
    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: see `Avx2`.
        Self(unsafe { _mm256_setzero_ps() })
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        match from.first_chunk::<8>() {
            // SAFETY: see `Avx2`; there are eight numbers.
            Some(eight) => Self(unsafe { _mm256_loadu_ps(eight.as_ptr()) }),
            None => Self::zero(),
        }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        if let Some(eight) = to.first_chunk_mut::<8>() {
            // SAFETY: see `Avx2`; there is room for eight numbers.
            unsafe { _mm256_storeu_ps(eight.as_mut_ptr(), self.0) };
        }
    }

    #[inline(always)]
    fn multiply_add(self, a: f32, c: Self) -> Self {
        // SAFETY: see `Avx2`.
        Self(unsafe { _mm256_fmadd_ps(_mm256_set1_ps(a), self.0, c.0) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see `Avx2`.
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }
}

impl Widen<[f32; PANEL]> for Eight {
    #[inline(always)]
    fn widen(row: &[f32; PANEL], first: usize) -> Self {
        Self::load(row.get(first..).unwrap_or(&[]))
    }
}

impl Widen<[i8; PANEL]> for Eight {
    #[inline(always)]
    fn widen(row: &[i8; PANEL], first: usize) -> Self {
        match row.get(first..).and_then(<[i8]>::first_chunk::<8>) {
            Some(eight) => {
                // SAFETY: see `Avx2`; there are eight bytes.
                Self(unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(eight.as_ptr().cast()))) })
            }
            None => Self::zero(),
        }
    }
}

impl Widen<[u8; PANEL / 2]> for Eight {
    #[inline(always)]
    fn widen(row: &[u8; PANEL / 2], first: usize) -> Self {
        match row.get(first / 2..).and_then(<[u8]>::first_chunk::<4>) {
            // A pair in 64 bits, then each of its weights in the low bits of 32, from where it is shifted up and down.
            // SAFETY: see `Avx2`.
            Some(four) => Self(unsafe {
                let pairs = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(i32::from_le_bytes(*four)));
                let low = _mm256_or_si256(pairs, _mm256_slli_epi64::<28>(pairs));
                _mm256_cvtepi32_ps(_mm256_srai_epi32::<28>(_mm256_slli_epi32::<28>(low)))
            }),
            None => Self::zero(),
        }
    }
}

impl Widen<[f16; PANEL]> for Eight {
    #[inline(always)]
    fn widen(row: &[f16; PANEL], first: usize) -> Self {
        match row.get(first..).and_then(<[f16]>::first_chunk::<8>) {
            // SAFETY: see `Avx2`; there are sixteen bytes.
            Some(eight) => Self(unsafe { _mm256_cvtph_ps(_mm_loadu_si128(eight.as_ptr().cast())) }),
            None => Self::zero(),
        }
    }
}
