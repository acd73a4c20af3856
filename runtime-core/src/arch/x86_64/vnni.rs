//! AVX-512 with VNNI: products of 8-bit integers, four at a time in each of sixteen lanes.
#![allow(unsafe_code)]

use super::avx2::Avx2;
use super::avx512::Sixteen;
use super::depthwise;
use super::depthwise_floats;
use super::requantize;
use super::{tall, tall_conv2d};
use crate::arch::rounding::fits;
use crate::arch::vectors;
use crate::arch::{Arch, DepthwiseFloats, DepthwiseRow, TallConv2d, TallGemm, portable};
use crate::numbers::Integers;
use crate::pack::PANEL;
use crate::requantize::Requantize;
use crate::unrolled::unrolled;
use core::arch::x86_64::{
    __m512i, _mm256_loadu_si256, _mm512_add_epi32, _mm512_and_si512, _mm512_cvtepu8_epi16, _mm512_dpbusd_epi32,
    _mm512_loadu_si512, _mm512_mask_storeu_epi8, _mm512_mask_storeu_epi32, _mm512_maskz_loadu_epi8,
    _mm512_maskz_loadu_epi32, _mm512_or_si512, _mm512_permutexvar_epi32, _mm512_set1_epi8, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_shuffle_epi8, _mm512_slli_epi16, _mm512_storeu_si512, _mm512_sub_epi8,
    _mm512_sub_epi32, _mm512_xor_si512,
};
use core::mem::MaybeUninit;
use half::f16;

/// What [`Avx2`] has, AVX-512 (F, BW, VL) and VNNI. Private to this folder, and only used inside functions that enable
/// them: that is what makes its intrinsics sound.
#[derive(Clone, Copy)]
pub(super) struct Vnni;

impl Arch for Vnni {
    const MANY: bool = true;

    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        Avx2::fma(a, b, c)
    }

    #[inline(always)]
    fn tall_gemm_f32(layer: TallGemm<'_, [f32; PANEL]>, y: &mut [f32]) {
        // SAFETY: see `Vnni`.
        unsafe { tall::gemm_f32(layer, y) }
    }

    #[inline(always)]
    fn tall_gemm_f16(layer: TallGemm<'_, [f16; PANEL]>, y: &mut [f32]) {
        // SAFETY: see `Vnni`.
        unsafe { tall::gemm_f16(layer, y) }
    }

    #[inline(always)]
    fn tall_conv2d_f32(layer: TallConv2d<'_, [f32; PANEL]>, y: &mut [f32]) {
        // SAFETY: see `Vnni`.
        unsafe { tall_conv2d::conv2d_f32(layer, y) }
    }

    #[inline(always)]
    fn tall_conv2d_f16(layer: TallConv2d<'_, [f16; PANEL]>, y: &mut [f32]) {
        // SAFETY: see `Vnni`.
        unsafe { tall_conv2d::conv2d_f16(layer, y) }
    }

    #[inline(always)]
    fn widen_f16<const N: usize>(halves: &[f16; N]) -> [f32; N] {
        Avx2::widen_f16(halves)
    }

    #[inline(always)]
    fn tile_f32_i8<const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[[i8; PANEL]],
    ) -> [[f32; N]; M] {
        match N {
            16 => vectors::tile::<Sixteen, [i8; PANEL], M, N, LANE, 1>(acc, rows, panel),
            _ => Avx2::tile_f32_i8::<M, N, LANE>(acc, rows, panel),
        }
    }

    #[inline(always)]
    fn tile_f32_i4<const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[[u8; PANEL / 2]],
    ) -> [[f32; N]; M] {
        match N {
            16 => vectors::tile::<Sixteen, [u8; PANEL / 2], M, N, LANE, 1>(acc, rows, panel),
            _ => Avx2::tile_f32_i4::<M, N, LANE>(acc, rows, panel),
        }
    }

    #[inline(always)]
    fn tile_i8<const M: usize, const N: usize, const LANE: usize>(
        acc: [[i32; N]; M],
        rows: [&[i8]; M],
        panel: &[[i8; PANEL]],
    ) -> [[i32; N]; M] {
        if LANE == 0 && N <= PANEL {
            // SAFETY: see `Vnni`.
            unsafe { apart::<Bytes, M, N>(acc, rows, panel) }
        } else {
            portable::tile::<Self, Integers<i8>, i8, M, N, LANE>(acc, rows, panel)
        }
    }

    #[inline(always)]
    fn tile_i4<const M: usize, const N: usize, const LANE: usize>(
        acc: [[i32; N]; M],
        rows: [&[i8]; M],
        panel: &[[u8; PANEL / 2]],
    ) -> [[i32; N]; M] {
        if LANE == 0 && N <= PANEL {
            // SAFETY: see `Vnni`.
            unsafe { apart::<Pairs, M, N>(acc, rows, panel) }
        } else {
            portable::tile::<Self, Integers<i8>, u8, M, N, LANE>(acc, rows, panel)
        }
    }

    #[inline(always)]
    fn depthwise_row(row: DepthwiseRow<'_>, y: &mut [i8]) -> bool {
        // SAFETY: see `Vnni`.
        unsafe { depthwise::row(row, y) }
    }

    #[inline(always)]
    fn depthwise_row_f32(row: DepthwiseFloats<'_>, y: &mut [f32]) {
        // SAFETY: see `Vnni`.
        unsafe { depthwise_floats::row(row, y) }
    }

    #[inline(always)]
    fn requantize<const N: usize>(f: Requantize, sums: [i32; N], multipliers: [i32; N]) -> [i8; N] {
        if N <= 16 && fits(f) {
            // SAFETY: see `Vnni`.
            unsafe { requantize::outputs_512(f, sums, multipliers) }
        } else {
            portable::requantize(f, sums, multipliers)
        }
    }
}

/// Inputs that an instruction multiplies and adds up in each lane.
const STEP: usize = 4;

/// Steps of a row that get their 128 at once.
const CHUNK: usize = 128;

/// How the weights of a panel are stored.
trait Stored {
    /// Those of one input.
    type Row: Copy;
    /// None.
    const ZERO: Self::Row;
    /// The weights of four inputs, as bytes.
    fn widen(rows: &[Self::Row; STEP]) -> __m512i;
}

/// As they are.
struct Bytes;

impl Stored for Bytes {
    type Row = [i8; PANEL];
    const ZERO: Self::Row = [0; PANEL];

    #[inline(always)]
    fn widen(rows: &[Self::Row; STEP]) -> __m512i {
        // SAFETY: see `Vnni`; there are 64 bytes.
        unsafe { _mm512_loadu_si512((&raw const *rows).cast()) }
    }
}

/// Two of four bits to a byte.
struct Pairs;

impl Stored for Pairs {
    type Row = [u8; PANEL / 2];
    const ZERO: Self::Row = [0; PANEL / 2];

    #[inline(always)]
    fn widen(rows: &[Self::Row; STEP]) -> __m512i {
        // SAFETY: see `Vnni`; there are 32 bytes.
        unsafe {
            let pairs = _mm512_cvtepu8_epi16(_mm256_loadu_si256((&raw const *rows).cast()));
            let halves = _mm512_or_si512(pairs, _mm512_slli_epi16::<4>(pairs));
            let halves = _mm512_and_si512(halves, _mm512_set1_epi8(15));
            // The highest of the four bits is a sign.
            let sign = _mm512_set1_epi8(8);
            _mm512_sub_epi8(_mm512_xor_si512(halves, sign), sign)
        }
    }
}

/// [`tile`] as a call of its own, which all layers share: their loops would each have a copy of every height, which is
/// most of what rustc compiles.
///
/// # Safety
/// The processor is at the level of [`Vnni`].
#[inline(always)]
unsafe fn apart<W: Stored, const M: usize, const N: usize>(
    mut acc: [[i32; N]; M],
    rows: [&[i8]; M],
    panel: &[W::Row],
) -> [[i32; N]; M] {
    // SAFETY: as the caller says.
    unsafe { add_products::<W, M, N>(&mut acc, &rows, panel) };
    acc
}

#[inline(never)]
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vnni")]
fn add_products<W: Stored, const M: usize, const N: usize>(
    acc: &mut [[i32; N]; M],
    rows: &[&[i8]; M],
    panel: &[W::Row],
) {
    *acc = tile::<W, M, N>(*acc, *rows, panel);
}

/// [`Arch::tile_i8`] and [`Arch::tile_i4`] for the first columns of a panel.
///
/// The instruction takes one factor unsigned: inputs have 128 added, by their sign bit, and 128 times the weights are
/// taken off the sums. Both wrap like the sums, so that the result is exact.
#[inline(always)]
fn tile<W: Stored, const M: usize, const N: usize>(
    mut acc: [[i32; N]; M],
    mut rows: [&[i8]; M],
    panel: &[W::Row],
) -> [[i32; N]; M] {
    unrolled!(i in 0..M {
        let Some(cut) = rows[i].get(..panel.len()) else { return acc };
        rows[i] = cut;
    });
    let mask = ((1_u32 << N) - 1) as u16;
    // SAFETY: see `Vnni`.
    let zero = unsafe { _mm512_setzero_si512() };
    let (mut sums, mut offsets) = ([zero; M], zero);
    unrolled!(i in 0..M {
        // SAFETY: see `Vnni`; the mask leaves out what is beyond the `N` numbers.
        sums[i] = unsafe { _mm512_maskz_loadu_epi32(mask, acc[i].as_ptr()) };
    });
    let (steps, rest) = panel.as_chunks::<STEP>();
    if M == 1 {
        (sums[0], offsets) = row::<W>(sums[0], rows[0].as_chunks().0, steps);
    } else {
        let mut flipped = [[MaybeUninit::<[u8; STEP]>::uninit(); CHUNK]; M];
        let mut done = 0;
        while done < steps.len() {
            let len = (steps.len() - done).min(CHUNK);
            let Some(steps) = steps.get(done..done + len) else {
                return acc;
            };
            unrolled!(i in 0..M {
                let Some(row) = rows[i].get(STEP * done..STEP * (done + len)) else { return acc };
                // SAFETY: see `Vnni`; there are at most `CHUNK` steps.
                unsafe { flip(row, flipped[i].as_mut_ptr().cast()) };
            });
            let from = flipped.as_ptr().cast::<i32>();
            for (k, w) in steps.iter().enumerate() {
                let w = weights::<W>(w);
                offsets = multiply_add(all_128(), w, offsets);
                unrolled!(i in 0..M {
                    // SAFETY: see `Vnni`; so many steps of each row were just written.
                    let x = unsafe { _mm512_set1_epi32(from.add(i * CHUNK + k).read_unaligned()) };
                    sums[i] = multiply_add(x, w, sums[i]);
                });
            }
            done += len;
        }
    }
    if !rest.is_empty() {
        let mut last = [W::ZERO; STEP];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        let w = weights::<W>(&last);
        offsets = multiply_add(all_128(), w, offsets);
        unrolled!(i in 0..M {
            let mut x = [0; STEP];
            for (to, from) in x.iter_mut().zip(rows[i].as_chunks::<STEP>().1) {
                *to = *from;
            }
            sums[i] = multiply_add(flipped(x), w, sums[i]);
        });
    }
    unrolled!(i in 0..M {
        // SAFETY: see `Vnni`; the mask leaves out what is beyond the `N` numbers.
        unsafe { _mm512_mask_storeu_epi32(acc[i].as_mut_ptr(), mask, _mm512_sub_epi32(sums[i], offsets)) };
    });
    acc
}

/// Copies whole steps of inputs with 128 added.
///
/// # Safety
/// As for `Vnni`; there is room for the row at `to`.
#[inline(always)]
unsafe fn flip(row: &[i8], mut to: *mut u8) {
    let (blocks, rest) = row.as_chunks::<64>();
    // SAFETY: as the caller says; the mask leaves out what is beyond the row.
    unsafe {
        for block in blocks {
            let numbers = _mm512_loadu_si512(block.as_ptr().cast());
            _mm512_storeu_si512(to.cast(), _mm512_xor_si512(numbers, all_128()));
            to = to.add(64);
        }
        if !rest.is_empty() {
            let mask = (1_u64 << rest.len()) - 1;
            let numbers = _mm512_maskz_loadu_epi8(mask, rest.as_ptr());
            _mm512_mask_storeu_epi8(to.cast(), mask, _mm512_xor_si512(numbers, all_128()));
        }
    }
}

/// The sums of one row and their offsets, each in two parts: one alone would wait for each product before the next.
#[inline(always)]
fn row<W: Stored>(start: __m512i, x: &[[i8; STEP]], panel: &[[W::Row; STEP]]) -> (__m512i, __m512i) {
    // SAFETY: see `Vnni`.
    let zero = unsafe { _mm512_setzero_si512() };
    let (mut sums, mut offsets) = ([start, zero], [zero; 2]);
    let ((pairs, x_rest), (panel_pairs, panel_rest)) = (x.as_chunks::<2>(), panel.as_chunks::<2>());
    for (x, w) in pairs.iter().zip(panel_pairs) {
        unrolled!(i in 0..2 {
            let w = weights::<W>(&w[i]);
            offsets[i] = multiply_add(all_128(), w, offsets[i]);
            sums[i] = multiply_add(flipped(x[i]), w, sums[i]);
        });
    }
    for (x, w) in x_rest.iter().zip(panel_rest) {
        let w = weights::<W>(w);
        offsets[0] = multiply_add(all_128(), w, offsets[0]);
        sums[0] = multiply_add(flipped(*x), w, sums[0]);
    }
    // SAFETY: see `Vnni`.
    unsafe {
        (
            _mm512_add_epi32(sums[0], sums[1]),
            _mm512_add_epi32(offsets[0], offsets[1]),
        )
    }
}

/// 128 in each byte.
#[inline(always)]
fn all_128() -> __m512i {
    // SAFETY: see `Vnni`.
    unsafe { _mm512_set1_epi8(i8::MIN) }
}

/// Four inputs with 128 added, in each lane.
#[inline(always)]
fn flipped(x: [i8; STEP]) -> __m512i {
    let x = i32::from_le_bytes([x[0] as u8, x[1] as u8, x[2] as u8, x[3] as u8]);
    // LLVM 22 does not come to an end with an xor of vectors where it may use VBMI: with `-C target-cpu=native` on Ice
    // Lake and later. Elsewhere the form stays that the benchmarks were run with.
    if cfg!(target_feature = "avx512vbmi") {
        // SAFETY: see `Vnni`.
        return unsafe { _mm512_set1_epi32(x ^ i32::from_le_bytes([0x80; 4])) };
    }
    // SAFETY: see `Vnni`.
    unsafe { _mm512_xor_si512(_mm512_set1_epi32(x), all_128()) }
}

/// `sum + x * w`: in each lane four unsigned bytes by four signed ones.
#[inline(always)]
fn multiply_add(x: __m512i, w: __m512i, sum: __m512i) -> __m512i {
    // SAFETY: see `Vnni`.
    unsafe { _mm512_dpbusd_epi32(sum, x, w) }
}

/// The weights of four inputs, those of each column side by side. The panel has those of each input side by side.
#[inline(always)]
fn weights<W: Stored>(rows: &[W::Row; STEP]) -> __m512i {
    static QUARTERS: [u32; 16] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
    static COLUMNS: [[u8; 16]; 4] = [[0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15]; 4];
    // SAFETY: see `Vnni`; both have 64 bytes.
    unsafe {
        let quarters = _mm512_loadu_si512((&raw const QUARTERS).cast());
        let columns = _mm512_loadu_si512((&raw const COLUMNS).cast());
        _mm512_shuffle_epi8(_mm512_permutexvar_epi32(quarters, W::widen(rows)), columns)
    }
}
