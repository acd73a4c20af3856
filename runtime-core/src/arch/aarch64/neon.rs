//! NEON, where the target has it: not on those for soft floats.
#![allow(unsafe_code)]

use super::depthwise_pairs;
use super::pairs;
use super::quads::{Bytes, HalfBytes};
use super::requantize;
use crate::arch::vectors::{self, Vector, Widen};
use crate::arch::{Arch, DepthwiseRow, portable};
use crate::numbers::{Floats, Integers};
use crate::pack::PANEL;
use crate::requantize::Requantize;
use core::arch::aarch64::{
    float32x4_t, vaddq_f32, vdup_n_f32, vdupq_n_f32, vfma_f32, vfmaq_n_f32, vget_lane_f32, vld1q_f32, vst1q_f32,
};

/// NEON. This module is only compiled for targets that have it, which makes its intrinsics sound.
#[derive(Clone, Copy)]
pub(super) struct Neon;

impl Arch for Neon {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        // SAFETY: see `Neon`.
        unsafe { vget_lane_f32::<0>(vfma_f32(vdup_n_f32(c), vdup_n_f32(a), vdup_n_f32(b))) }
    }

    #[inline(always)]
    fn tile_f32<const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[[f32; PANEL]],
    ) -> [[f32; N]; M] {
        match N {
            16 => vectors::tile::<Four, [f32; PANEL], M, N, LANE, 4>(acc, rows, panel),
            8 => vectors::tile::<Four, [f32; PANEL], M, N, LANE, 2>(acc, rows, panel),
            _ => portable::tile::<Self, Floats, f32, M, N, LANE>(acc, rows, panel),
        }
    }

    #[inline(always)]
    fn tile_i8<const M: usize, const N: usize, const LANE: usize>(
        acc: [[i32; N]; M],
        rows: [&[i8]; M],
        panel: &[[i8; PANEL]],
    ) -> [[i32; N]; M] {
        match (LANE, N) {
            (0, 16) => pairs::apart::<Bytes, M, N, 4>(acc, rows, panel),
            (0, 8) => pairs::apart::<Bytes, M, N, 2>(acc, rows, panel),
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
            (0, 16) => pairs::apart::<HalfBytes, M, N, 4>(acc, rows, panel),
            (0, 8) => pairs::apart::<HalfBytes, M, N, 2>(acc, rows, panel),
            _ => portable::tile::<Self, Integers<i8>, u8, M, N, LANE>(acc, rows, panel),
        }
    }

    #[inline(always)]
    fn depthwise_row(row: DepthwiseRow<'_>, y: &mut [i8]) -> bool {
        depthwise_pairs::row(row, y)
    }

    #[inline(always)]
    fn requantize<const N: usize>(f: Requantize, sums: [i32; N], multipliers: [i32; N]) -> [i8; N] {
        requantize::outputs(f, sums, multipliers)
    }
}

/// Four floats.
#[derive(Clone, Copy)]
struct Four(float32x4_t);

impl Vector for Four {
    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: see `Neon`.
        Self(unsafe { vdupq_n_f32(0.0) })
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        match from.first_chunk::<4>() {
            // SAFETY: see `Neon`; there are four numbers.
            Some(four) => Self(unsafe { vld1q_f32(four.as_ptr()) }),
            None => Self::zero(),
        }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        if let Some(four) = to.first_chunk_mut::<4>() {
            // SAFETY: see `Neon`; there is room for four numbers.
            unsafe { vst1q_f32(four.as_mut_ptr(), self.0) };
        }
    }

    #[inline(always)]
    fn multiply_add(self, a: f32, c: Self) -> Self {
        // SAFETY: see `Neon`.
        Self(unsafe { vfmaq_n_f32(c.0, self.0, a) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see `Neon`.
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }
}

impl Widen<[f32; PANEL]> for Four {
    #[inline(always)]
    fn widen(row: &[f32; PANEL], first: usize) -> Self {
        Self::load(row.get(first..).unwrap_or(&[]))
    }
}
