//! The dot products of Armv8.2: SDOT adds four products of bytes in each of four lanes.
//!
//! The panel has the weights of each input side by side. Those of four inputs are brought together column by column in
//! registers, and each row of inputs is multiplied by them four bytes at a time. Products and sums are exact.
#![allow(unsafe_code)]

use super::depthwise_dots;
use super::depthwise_pairs;
use super::neon::Neon;
use super::quads::{Bytes, HalfBytes, STEP, Stored, filled};
use super::requantize;
use crate::arch::vectors::opaque;
use crate::arch::{Arch, DepthwiseRow, portable};
use crate::numbers::Integers;
use crate::pack::PANEL;
use crate::requantize::Requantize;
use crate::unrolled::unrolled;
use core::arch::aarch64::{
    int8x16_t, int32x4_t, vdupq_n_s32, vld1q_s32, vreinterpretq_s8_s16, vreinterpretq_s16_s8, vst1q_s32, vzip1q_s8,
    vzip1q_s16, vzip2q_s8, vzip2q_s16,
};
use core::arch::asm;

/// NEON with dot products. Private to this folder, and only used inside functions that enable them: that is what makes
/// its instructions sound.
#[derive(Clone, Copy)]
pub(super) struct Dotprod;

impl Arch for Dotprod {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        Neon::fma(a, b, c)
    }

    #[inline(always)]
    fn tile_i8<const M: usize, const N: usize, const LANE: usize>(
        acc: [[i32; N]; M],
        rows: [&[i8]; M],
        panel: &[[i8; PANEL]],
    ) -> [[i32; N]; M] {
        match (LANE, N) {
            // SAFETY: see `Dotprod`.
            (0, 16) => unsafe { apart::<Bytes, M, N, 4>(acc, rows, panel) },
            // SAFETY: see `Dotprod`.
            (0, 8) => unsafe { apart::<Bytes, M, N, 2>(acc, rows, panel) },
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
            // SAFETY: see `Dotprod`.
            (0, 16) => unsafe { apart::<HalfBytes, M, N, 4>(acc, rows, panel) },
            // SAFETY: see `Dotprod`.
            (0, 8) => unsafe { apart::<HalfBytes, M, N, 2>(acc, rows, panel) },
            _ => portable::tile::<Self, Integers<i8>, u8, M, N, LANE>(acc, rows, panel),
        }
    }

    #[inline(always)]
    fn depthwise_row(row: DepthwiseRow<'_>, y: &mut [i8]) -> bool {
        // SAFETY: see `Dotprod`.
        unsafe { depthwise_dots::row(row, y) || depthwise_pairs::row(row, y) }
    }

    #[inline(always)]
    fn requantize<const N: usize>(f: Requantize, sums: [i32; N], multipliers: [i32; N]) -> [i8; N] {
        requantize::outputs(f, sums, multipliers)
    }
}

/// [`tile`] as a call of its own, which all layers share: their loops would each have a copy of every height, which is
/// most of what rustc compiles.
///
/// # Safety
/// The processor has dot products.
#[inline(always)]
unsafe fn apart<W: Stored, const M: usize, const N: usize, const V: usize>(
    mut acc: [[i32; N]; M],
    rows: [&[i8]; M],
    panel: &[W::Row],
) -> [[i32; N]; M] {
    // SAFETY: as the caller says.
    unsafe { add_products::<W, M, N, V>(&mut acc, &rows, panel) };
    acc
}

#[inline(never)]
#[target_feature(enable = "dotprod")]
fn add_products<W: Stored, const M: usize, const N: usize, const V: usize>(
    acc: &mut [[i32; N]; M],
    rows: &[&[i8]; M],
    panel: &[W::Row],
) {
    *acc = tile::<W, M, N, V>(*acc, *rows, panel);
}

/// [`Arch::tile_i8`] and [`Arch::tile_i4`] for the first `N` columns of a panel, in `V = N / 4` vectors a row.
#[inline(always)]
fn tile<W: Stored, const M: usize, const N: usize, const V: usize>(
    mut acc: [[i32; N]; M],
    mut rows: [&[i8]; M],
    panel: &[W::Row],
) -> [[i32; N]; M] {
    unrolled!(i in 0..M {
        let Some(cut) = rows[i].get(..panel.len()) else { return acc };
        rows[i] = cut;
    });
    // SAFETY: see `Dotprod`.
    let mut sums = [[unsafe { vdupq_n_s32(0) }; V]; M];
    unrolled!(i in 0..M {
        for (sum, from) in sums[i].iter_mut().zip(acc[i].as_chunks::<4>().0) {
            // SAFETY: see `Dotprod`; there are four numbers.
            *sum = unsafe { vld1q_s32(from.as_ptr()) };
        }
    });
    let (steps, rest) = panel.as_chunks::<STEP>();
    let mut from = [rows[0].as_ptr(); M];
    unrolled!(i in 0..M {
        from[i] = opaque(rows[i].as_ptr());
    });
    for (k, w) in steps.iter().enumerate() {
        let w = columns(W::widen(w));
        unrolled!(i in 0..M {
            // SAFETY: every row was cut to as many inputs as the panel has, so that four are left at each step.
            let x = unsafe { from[i].add(STEP * k).cast::<f32>().read_unaligned() };
            sums[i] = multiply_add(x, &w, sums[i]);
        });
    }
    if !rest.is_empty() {
        let w = columns(W::widen(&filled(rest, W::ZERO)));
        unrolled!(i in 0..M {
            let x = filled(rows[i].as_chunks::<STEP>().1, 0);
            sums[i] = multiply_add(f32::from_ne_bytes(x.map(|x| x as u8)), &w, sums[i]);
        });
    }
    unrolled!(i in 0..M {
        for (sum, to) in sums[i].iter().zip(acc[i].as_chunks_mut::<4>().0) {
            // SAFETY: see `Dotprod`; there is room for four numbers.
            unsafe { vst1q_s32(to.as_mut_ptr(), *sum) };
        }
    });
    acc
}

/// The weights of four inputs, those of each column side by side.
#[inline(always)]
pub(super) fn columns([a, b, c, d]: [int8x16_t; STEP]) -> [int8x16_t; 4] {
    // SAFETY: see `Dotprod`.
    unsafe {
        let (ab, cd) = (
            [vzip1q_s8(a, b), vzip2q_s8(a, b)].map(|pairs| vreinterpretq_s16_s8(pairs)),
            [vzip1q_s8(c, d), vzip2q_s8(c, d)].map(|pairs| vreinterpretq_s16_s8(pairs)),
        );
        [
            vreinterpretq_s8_s16(vzip1q_s16(ab[0], cd[0])),
            vreinterpretq_s8_s16(vzip2q_s16(ab[0], cd[0])),
            vreinterpretq_s8_s16(vzip1q_s16(ab[1], cd[1])),
            vreinterpretq_s8_s16(vzip2q_s16(ab[1], cd[1])),
        ]
    }
}

/// Adds the products of four inputs, which are the bytes of `x`, by the weights of the first columns.
#[inline(always)]
fn multiply_add<const V: usize>(x: f32, w: &[int8x16_t; 4], mut sums: [int32x4_t; V]) -> [int32x4_t; V] {
    unrolled!(v in 0..V {
        sums[v] = dot(sums[v], w[v % 4], x);
    });
    sums
}

/// `sum + w * x`: in each lane four bytes of `w` by the four of `x`. The intrinsic is not stable.
#[inline(always)]
fn dot(mut sum: int32x4_t, w: int8x16_t, x: f32) -> int32x4_t {
    // SAFETY: see `Dotprod`.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {w:v}.16b, {x:v}.4b[0]",
            sum = inout(vreg) sum,
            w = in(vreg) w,
            x = in(vreg) x,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sum
}

/// `sum + w * x`: in each lane four bytes by four.
///
/// # Safety
/// The processor has dot products.
#[inline(always)]
pub(super) unsafe fn dot_lanes(mut sum: int32x4_t, w: int8x16_t, x: int8x16_t) -> int32x4_t {
    // SAFETY: as the caller says.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {w:v}.16b, {x:v}.16b",
            sum = inout(vreg) sum,
            w = in(vreg) w,
            x = in(vreg) x,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sum
}
