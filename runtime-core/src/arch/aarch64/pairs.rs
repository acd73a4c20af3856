//! Products of 8-bit integers with plain NEON: SMULL makes eight of 16 bits, of which two are added up in each.
//!
//! Two products of bytes are at most 32768, one more than 16 bits hold. Their difference always fits, as a product of
//! bytes is between -16256 and 16384: so SMLSL takes off the products by the complements of the weights. As `-w` is
//! `!w + 1`, each such input is then taken off its row's sums once, in 32 bits: all sums are exact.
#![allow(unsafe_code)]

use super::quads::{STEP, Stored, filled};
use crate::arch::vectors::opaque;
use crate::unrolled::unrolled;
use core::arch::aarch64::{
    int8x16_t, int32x4_t, vaddvq_s32, vdupq_n_s16, vdupq_n_s32, vld1q_s8, vld1q_s32, vmvnq_s8, vpaddlq_s8,
    vreinterpretq_s8_s16, vreinterpretq_s32_s16, vsraq_n_s32, vst1q_s32, vsubq_s32, vzip1q_s8, vzip2q_s8,
};
use core::arch::asm;

/// [`Arch::tile_i8`](crate::arch::Arch::tile_i8) and `tile_i4` for the first `N` columns of a panel, in `V = N / 4`
/// vectors a row: by at most four rows at a time, as for more there are not enough registers.
#[inline(always)]
pub(super) fn apart<W: Stored, const M: usize, const N: usize, const V: usize>(
    mut acc: [[i32; N]; M],
    rows: [&[i8]; M],
    panel: &[W::Row],
) -> [[i32; N]; M] {
    match M {
        1 => some_rows::<W, 1, N, V>(&mut acc, &rows, 0, panel),
        2 => some_rows::<W, 2, N, V>(&mut acc, &rows, 0, panel),
        3 => some_rows::<W, 3, N, V>(&mut acc, &rows, 0, panel),
        5 => {
            some_rows::<W, 3, N, V>(&mut acc, &rows, 0, panel);
            some_rows::<W, 2, N, V>(&mut acc, &rows, 3, panel);
        }
        6 => {
            some_rows::<W, 3, N, V>(&mut acc, &rows, 0, panel);
            some_rows::<W, 3, N, V>(&mut acc, &rows, 3, panel);
        }
        7 => {
            some_rows::<W, 4, N, V>(&mut acc, &rows, 0, panel);
            some_rows::<W, 3, N, V>(&mut acc, &rows, 4, panel);
        }
        _ => {
            some_rows::<W, 4, N, V>(&mut acc, &rows, 0, panel);
            some_rows::<W, 4, N, V>(&mut acc, &rows, 4, panel);
        }
    }
    acc
}

/// The `P` rows from `first` on, if there are so many.
#[inline(always)]
fn some_rows<W: Stored, const P: usize, const N: usize, const V: usize>(
    acc: &mut [[i32; N]],
    rows: &[&[i8]],
    first: usize,
    panel: &[W::Row],
) {
    let acc = acc.get_mut(first..).and_then(|acc| acc.first_chunk_mut::<P>());
    if let (Some(acc), Some(rows)) = (acc, rows.get(first..).and_then(|rows| rows.first_chunk::<P>())) {
        add_products::<W, P, N, V>(acc, rows, panel);
    }
}

/// [`tile`] as a call of its own, which all layers share: their loops would each have a copy of every height, which is
/// most of what rustc compiles.
#[inline(never)]
fn add_products<W: Stored, const M: usize, const N: usize, const V: usize>(
    acc: &mut [[i32; N]; M],
    rows: &[&[i8]; M],
    panel: &[W::Row],
) {
    *acc = tile::<W, M, N, V>(*acc, *rows, panel);
}

/// The sums of a few rows, plus their products by the first `N` columns of a panel.
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
    let (steps, rest) = panel.as_chunks::<STEP>();
    // SAFETY: see `Stored`.
    let mut sums = [[unsafe { vdupq_n_s32(0) }; V]; M];
    unrolled!(i in 0..M {
        let taken = complemented(rows[i]);
        for (sum, from) in sums[i].iter_mut().zip(acc[i].as_chunks::<4>().0) {
            // SAFETY: see `Stored`; there are four numbers.
            *sum = unsafe { vsubq_s32(vld1q_s32(from.as_ptr()), vdupq_n_s32(taken)) };
        }
    });
    let mut from = [rows[0].as_ptr(); M];
    unrolled!(i in 0..M {
        from[i] = opaque(rows[i].as_ptr());
    });
    for w in steps {
        let w = pairs(W::widen(w));
        unrolled!(i in 0..M {
            // SAFETY: every row was cut to as many inputs as the panel has, so that four are left at each step.
            let x = unsafe { load(&mut from[i]) };
            sums[i] = multiply_add(x, &w, sums[i]);
        });
    }
    if !rest.is_empty() {
        let w = pairs(W::widen(&filled(rest, W::ZERO)));
        unrolled!(i in 0..M {
            let [a, b, c, d] = filled(rows[i].as_chunks::<STEP>().1, 0).map(|x| x as u8);
            // SAFETY: see `Stored`.
            let x = [[a, b], [c, d]].map(|x| unsafe { vreinterpretq_s8_s16(vdupq_n_s16(i16::from_le_bytes(x))) });
            sums[i] = multiply_add(x, &w, sums[i]);
        });
    }
    unrolled!(i in 0..M {
        for (sum, to) in sums[i].iter().zip(acc[i].as_chunks_mut::<4>().0) {
            // SAFETY: see `Stored`; there is room for four numbers.
            unsafe { vst1q_s32(to.as_mut_ptr(), *sum) };
        }
    });
    acc
}

/// The sum of the inputs that are multiplied by complements: the last two of each four, if they are there.
#[inline(always)]
fn complemented(row: &[i8]) -> i32 {
    let (sixteens, rest) = row.as_chunks::<16>();
    let mut sum = 0_i32;
    // SAFETY: see `Stored`; there are sixteen bytes.
    unsafe {
        let mut sums = vdupq_n_s32(0);
        for sixteen in sixteens {
            // Sums of two, of which each second one is the upper half of a lane.
            let pairs = vreinterpretq_s32_s16(vpaddlq_s8(vld1q_s8(sixteen.as_ptr())));
            sums = vsraq_n_s32::<16>(sums, pairs);
        }
        sum = sum.wrapping_add(vaddvq_s32(sums));
    }
    for (i, x) in rest.iter().enumerate() {
        if i % STEP >= 2 {
            sum = sum.wrapping_add((*x).into());
        }
    }
    sum
}

/// The weights of four inputs, those of each column side by side: of the first two, then the complements of the others.
#[inline(always)]
fn pairs([a, b, c, d]: [int8x16_t; STEP]) -> [[int8x16_t; 2]; 2] {
    // SAFETY: see `Stored`.
    unsafe {
        [
            [vzip1q_s8(a, b), vmvnq_s8(vzip1q_s8(c, d))],
            [vzip2q_s8(a, b), vmvnq_s8(vzip2q_s8(c, d))],
        ]
    }
}

/// Four inputs, the first two and the others many times each, and moves on to the next four.
///
/// # Safety
/// There are four bytes.
#[inline(always)]
unsafe fn load(from: &mut *const i8) -> [int8x16_t; 2] {
    let (x, y);
    // In assembler, as rustc adds to addresses by instructions of their own.
    // SAFETY: reads two bytes twice; see `Stored`.
    unsafe {
        asm!(
            "ld1r {{{x:v}.8h}}, [{from}], #2",
            "ld1r {{{y:v}.8h}}, [{from}], #2",
            from = inout(reg) *from,
            x = out(vreg) x,
            y = out(vreg) y,
            options(pure, readonly, nostack, preserves_flags)
        );
    }
    [x, y]
}

/// Adds the products of four inputs by the weights of the first columns.
#[inline(always)]
fn multiply_add<const V: usize>(
    x: [int8x16_t; 2],
    w: &[[int8x16_t; 2]; 2],
    mut sums: [int32x4_t; V],
) -> [int32x4_t; V] {
    for (sums, w) in sums.as_chunks_mut::<2>().0.iter_mut().zip(w) {
        *sums = eight_columns(x, *w, *sums);
    }
    sums
}

/// Adds the products of four inputs by the weights of eight columns. In assembler: of the intrinsics rustc makes more
/// instructions, and more vectors than there are registers.
#[inline(always)]
fn eight_columns(
    [x, y]: [int8x16_t; 2],
    [a, b]: [int8x16_t; 2],
    [mut low, mut high]: [int32x4_t; 2],
) -> [int32x4_t; 2] {
    // SAFETY: see `Stored`.
    unsafe {
        asm!(
            "smull {s:v}.8h, {a:v}.8b, {x:v}.8b",
            "smull2 {t:v}.8h, {a:v}.16b, {x:v}.16b",
            "smlsl {s:v}.8h, {b:v}.8b, {y:v}.8b",
            "smlsl2 {t:v}.8h, {b:v}.16b, {y:v}.16b",
            "sadalp {low:v}.4s, {s:v}.8h",
            "sadalp {high:v}.4s, {t:v}.8h",
            x = in(vreg) x,
            y = in(vreg) y,
            a = in(vreg) a,
            b = in(vreg) b,
            s = out(vreg) _,
            t = out(vreg) _,
            low = inout(vreg) low,
            high = inout(vreg) high,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    [low, high]
}
