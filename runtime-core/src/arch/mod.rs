//! What a kernel may ask of the machine, and the choice of the compiled copy that runs.
//!
//! A kernel body is written once, generic over [`Arch`]: the micro-kernels that an instruction set may replace. Each
//! has a portable body, which is its definition; an instruction set has a folder here with those that it does better.
//!
//! | folder | what it is | chosen |
//! |---|---|---|
//! | `portable` | plain Rust | where there is nothing else; with the feature `portable`, by [`Simd::BASELINE`] |
//! | `x86_64` | AVX2 with FMA, and AVX-512 with VNNI | at run time, by [`Simd`] |
//! | `aarch64` | NEON, and the dot products of Armv8.2 | at run time by [`Simd`], or by the target |
//! | `cortex_m` | the DSP extension of Cortex-M4, M7 and M33 | by the target |
//! | `mve` | the vectors of Cortex-M55 and M85 | by the target processor, or by the feature `mve` |
//! | `scalar` | Cortex-M0 to M3 and RV32, which compute one number at a time | by the target |
//! | `wasm.rs` | WebAssembly with `simd128` | by the target's features |
//!
//! On x86-64, and on aarch64 with Linux or Android, a kernel is compiled for the baseline and for the levels above, and
//! [`Simd`] picks at run time. Elsewhere the target's own features are fixed at compile time, and there is one copy
//! unless the feature `portable` keeps a second one.

mod depthwise;
mod interleaved;
mod paired;
pub(crate) mod portable;
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")))]
mod rounding;
mod rows;
mod tall;
mod tap_window;
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")))]
mod vectors;

#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod aarch64;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
pub use aarch64::Simd;
#[cfg(cortex_m_dsp)]
mod cortex_m;
#[cfg(cortex_m_mve)]
mod mve;
#[cfg(any(cortex_m_mve, all(scalar, not(cortex_m_dsp))))]
mod position;
#[cfg(scalar)]
mod scalar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub use x86_64::Simd;

#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))))]
mod native;
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))))]
pub use native::Simd;

pub use depthwise::{DepthwiseFloats, DepthwiseRow};
pub use interleaved::InterleavedPanel;
pub use paired::{PairedPanel, Patches};
pub use portable::Portable;
pub use rows::RowsPanel;
pub use tall::{TallConv2d, TallEnd, TallGemm};
pub use tap_window::TapWindow;

use crate::kernels::QlinearAdd;
use crate::numbers::{Floats, Integers, Mixed};
use crate::pack::PANEL;
use crate::paired::{ROWS, STEP};
use crate::requantize::Requantize;
use half::f16;

/// An instruction set, as a kernel body sees it.
///
/// Bodies here and of implementations are `#[inline(always)]`: they are compiled for the features of the kernel that
/// they are part of. Results on integers are the same for all, bit for bit; sums of floats may differ by what `fma`
/// rounds.
pub trait Arch: Copy {
    /// Whether registers are few: a tile is then 2 x 8 numbers, else 6 x 16.
    const NARROW: bool = false;

    /// Whether registers are many: products of floats
    /// are then [done as a whole](Self::tall_gemm_f32), and a tile of integers is 8 x 16.
    const MANY: bool = false;

    /// Whether this is what runs where a processor has nothing better: all layers then share tiles of one and two rows.
    /// Tiles of all heights would be much of the code of a quantised model, and need more registers than SSE2 has.
    const FEW_TILES: bool = false;

    /// `a * b + c`, rounded once where the machine has a fused instruction, else twice.
    fn fma(a: f32, b: f32, c: f32) -> f32;

    /// The tile of a product: `acc[i][j] + sum over k of rows[i][k] * panel[k][LANE + j]`, for every `k` of the panel.
    /// Rows that are shorter than the panel leave `acc` as it is.
    #[inline(always)]
    fn tile_f32<const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[[f32; PANEL]],
    ) -> [[f32; N]; M] {
        portable::tile::<Self, Floats, f32, M, N, LANE>(acc, rows, panel)
    }

    /// Rows of a product with their biases, `[m, n]`, where registers are [many](Self::MANY). A row that is not the
    /// only one is added up in the order of the inputs.
    #[inline(always)]
    fn tall_gemm_f32(layer: TallGemm<'_, [f32; PANEL]>, y: &mut [f32]) {
        portable::tall::gemm::<Self, f32>(layer, y)
    }

    /// [`tall_gemm_f32`](Self::tall_gemm_f32) with finite weights of half precision.
    #[inline(always)]
    fn tall_gemm_f16(layer: TallGemm<'_, [f16; PANEL]>, y: &mut [f32]) {
        portable::tall::gemm::<Self, f16>(layer, y)
    }

    /// As many outputs of a convolution with their biases as `y` has room for, where registers are [many](Self::MANY).
    /// One that is not the only one is added up in the order of the inputs.
    #[inline(always)]
    fn tall_conv2d_f32(layer: TallConv2d<'_, [f32; PANEL]>, y: &mut [f32]) {
        portable::tall::conv2d::<Self, f32>(layer, y)
    }

    /// [`tall_conv2d_f32`](Self::tall_conv2d_f32) with finite weights of half precision.
    #[inline(always)]
    fn tall_conv2d_f16(layer: TallConv2d<'_, [f16; PANEL]>, y: &mut [f32]) {
        portable::tall::conv2d::<Self, f16>(layer, y)
    }

    /// [`tile_f32`](Self::tile_f32) with finite weights of half precision.
    #[inline(always)]
    fn tile_f16<const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[[f16; PANEL]],
    ) -> [[f32; N]; M] {
        portable::tile::<Self, Floats, f16, M, N, LANE>(acc, rows, panel)
    }

    /// Finite numbers of half precision as floats; `N` is a multiple of eight.
    #[inline(always)]
    fn widen_f16<const N: usize>(halves: &[f16; N]) -> [f32; N] {
        portable::widen_f16(halves)
    }

    /// [`tile_f32`](Self::tile_f32) with weights that are 8-bit integers.
    #[inline(always)]
    fn tile_f32_i8<const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[[i8; PANEL]],
    ) -> [[f32; N]; M] {
        portable::tile::<Self, Mixed, i8, M, N, LANE>(acc, rows, panel)
    }

    /// [`tile_f32`](Self::tile_f32) with weights of four bits, two to a byte: the first in the low bits.
    #[inline(always)]
    fn tile_f32_i4<const M: usize, const N: usize, const LANE: usize>(
        acc: [[f32; N]; M],
        rows: [&[f32]; M],
        panel: &[[u8; PANEL / 2]],
    ) -> [[f32; N]; M] {
        portable::tile::<Self, Mixed, u8, M, N, LANE>(acc, rows, panel)
    }

    /// [`tile_f32`](Self::tile_f32) in 8-bit integers, with sums that wrap.
    #[inline(always)]
    fn tile_i8<const M: usize, const N: usize, const LANE: usize>(
        acc: [[i32; N]; M],
        rows: [&[i8]; M],
        panel: &[[i8; PANEL]],
    ) -> [[i32; N]; M] {
        portable::tile::<Self, Integers<i8>, i8, M, N, LANE>(acc, rows, panel)
    }

    /// [`tile_i8`](Self::tile_i8) with weights of four bits, two to a byte: the first in the low bits.
    #[inline(always)]
    fn tile_i4<const M: usize, const N: usize, const LANE: usize>(
        acc: [[i32; N]; M],
        rows: [&[i8]; M],
        panel: &[[u8; PANEL / 2]],
    ) -> [[i32; N]; M] {
        portable::tile::<Self, Integers<i8>, u8, M, N, LANE>(acc, rows, panel)
    }

    /// Each sum rescaled by the multiplier of its channel: [`Requantize::apply`].
    #[inline(always)]
    fn requantize<const N: usize>(f: Requantize, sums: [i32; N], multipliers: [i32; N]) -> [i8; N] {
        portable::requantize(f, sums, multipliers)
    }

    /// One row of outputs of a depthwise convolution, `[outputs, channels]`. False, with `y` as it was, where there is
    /// nothing better than the loops of the kernel, which are the definition.
    #[inline(always)]
    fn depthwise_row(_: DepthwiseRow<'_>, _: &mut [i8]) -> bool {
        false
    }

    /// One row of outputs of a depthwise convolution of floats that [fits](DepthwiseFloats::fits), `[outputs,
    /// channels]`, without its activation. Only where registers are [many](Self::MANY).
    #[inline(always)]
    fn depthwise_row_f32(row: DepthwiseFloats<'_>, y: &mut [f32]) {
        portable::depthwise::row::<Self>(row, y)
    }

    /// Widens a row of inputs for [`paired_rows`](Self::paired_rows) and [`paired_row`](Self::paired_row): each four of
    /// them to two words of halfwords, inputs 0 and 2, then 1 and 3, with `step` words from four to four. Eight inputs
    /// are filled up.
    #[inline(always)]
    fn widen(row: &[i8], words: &mut [u32], step: usize) {
        portable::paired::widen(row, words, step)
    }

    /// [`widen`](Self::widen) of three rows of one length, whose words take turns: two of each row.
    #[inline(always)]
    fn widen_rows(rows: [&[i8]; ROWS], words: &mut [u32]) {
        for (row, x) in rows.into_iter().enumerate() {
            Self::widen(x, words.get_mut(2 * row..).unwrap_or_default(), STEP);
        }
    }

    /// Widens the inputs of three neighbouring positions of a convolution, which take turns in `words`: straight from
    /// `x`, which begins with those of the first, or by way of `patch` if it has room.
    #[inline(always)]
    fn widen_patches(x: &[i8], patches: Patches, patch: &mut [i8], words: &mut [u32]) {
        portable::paired::widen_patches::<Self>(x, patches, patch, words)
    }

    /// Copies `rows` rows of `bytes` numbers, steps apart on both sides.
    #[inline(always)]
    fn copy_rows(x: (&[i8], usize), y: (&mut [i8], usize), bytes: usize, rows: usize) {
        portable::paired::copy_rows(x, y, bytes, rows)
    }

    /// Three rows of inputs by all channels of a panel, their results from `starts` on. Each quad has two words of
    /// every row. Where starts are equal, the results of the last such row stay.
    #[inline(always)]
    fn paired_rows(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; ROWS]) {
        portable::paired::rows(panel, words, y, starts)
    }

    /// One row of inputs by all channels of a panel in groups of two pairs.
    #[inline(always)]
    fn paired_row(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8]) {
        portable::paired::row(panel, words, y)
    }

    /// Neighbouring positions of a depthwise convolution, as many as `y` has room for, by weights as packed by
    /// [`paired::pack_depthwise`](crate::paired::pack_depthwise).
    #[inline(always)]
    fn paired_window(window: TapWindow<'_, u32>, y: &mut [i8]) {
        portable::paired::window(window, y, 0)
    }

    /// Widens a row of inputs to words, `step` words from input to input.
    #[inline(always)]
    fn widen_bytes(row: &[i8], words: &mut [u32], step: usize) {
        portable::interleaved::widen_bytes(row, words, step)
    }

    /// Five rows of inputs by all channels of a panel, their results from `starts` on. Each input has a word of every
    /// row. Where starts are equal, the results of the last such row stay.
    #[inline(always)]
    fn interleaved_rows(
        panel: InterleavedPanel<'_>,
        words: &[u32],
        y: &mut [i8],
        starts: [usize; crate::interleaved::ROWS],
    ) {
        portable::interleaved::rows(panel, words, y, starts)
    }

    /// Adds the products of inputs of one row, from input `first` on, to the sums of all channels of a panel. As many
    /// inputs as there are words: whole fours.
    #[inline(always)]
    fn interleaved_sums(panel: InterleavedPanel<'_>, first: usize, words: &[u32], sums: &mut [u32]) {
        portable::interleaved::sums(panel, first, words, sums)
    }

    /// The results of the sums of all channels of a panel.
    #[inline(always)]
    fn interleaved_results(panel: InterleavedPanel<'_>, sums: &[u32], y: &mut [i8]) {
        portable::interleaved::results(panel, sums, y, 0)
    }

    /// Neighbouring positions of a depthwise convolution, as many as `y` has room for, by weights as packed by
    /// [`interleaved::pack_depthwise`](crate::interleaved::pack_depthwise).
    #[inline(always)]
    fn interleaved_window(window: TapWindow<'_, i8>, y: &mut [i8]) {
        portable::interleaved::window(window, y, 0)
    }

    /// Four rows of inputs, which begin at `from` in `x`, by all channels of a panel, their results from `starts` on.
    /// Where starts are equal, the results of the last such row stay.
    #[inline(always)]
    fn rows(
        panel: RowsPanel<'_>,
        x: &[i8],
        from: [usize; crate::rows::ROWS],
        y: &mut [i8],
        starts: [usize; crate::rows::ROWS],
    ) {
        portable::rows::rows(panel, x, from, y, starts)
    }

    /// One row of inputs by all channels of a panel.
    #[inline(always)]
    fn row(panel: RowsPanel<'_>, x: &[i8], y: &mut [i8]) {
        portable::rows::row(panel, x, y)
    }

    /// Neighbouring positions of a depthwise convolution, as many as `y` has room for, by weights as packed by
    /// [`rows::pack_depthwise`](crate::rows::pack_depthwise).
    #[inline(always)]
    fn rows_window(window: TapWindow<'_, i8>, y: &mut [i8]) {
        portable::rows::window(window, y, 0)
    }

    /// Weighted sums of two tensors of 8-bit integers.
    #[inline(always)]
    fn add(layer: QlinearAdd, a: &[i8], b: &[i8], y: &mut [i8]) {
        for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
            *y = layer.limited(*a, *b);
        }
    }

    /// [`add`](Self::add) with `y` as the first operand.
    #[inline(always)]
    fn add_in_place(layer: QlinearAdd, b: &[i8], y: &mut [i8]) {
        for (y, b) in y.iter_mut().zip(b) {
            *y = layer.limited(*y, *b);
        }
    }
}

/// A kernel's operands together with its body.
pub trait Kernel {
    /// The same kernel with its parameters as a value: what runs where a specialised copy is not worth its size.
    type Shared: Kernel;

    /// Turns parameters given as a type into the value.
    fn shared(self) -> Self::Shared;

    /// Runs the body. Implementations are `#[inline(always)]`, so that the body is compiled for the caller's features.
    fn run<A: Arch>(self, arch: A);
}
