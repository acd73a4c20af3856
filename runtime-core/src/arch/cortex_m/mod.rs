//! Cortex-M with the DSP extension. Stable Rust has no functions for its instructions, and `asm!` blocks of single ones
//! would move every operand through memory, so that whole loops are assembler: `paired.s`, `depthwise.s` and `add.s`.
//! Their time does not depend on the opt-level that firmware is built with.
//!
//! The functions here check all lengths before; what is left over at the end of a row or of the channels goes through
//! the portable definitions, or through a few numbers beside the operands, so that nothing outside is read or written.
#![allow(unsafe_code)]

mod add;
mod products;
mod taps;
mod widen;

use super::{Arch, InterleavedPanel, PairedPanel, Patches, Portable, TapWindow, scalar};
use crate::interleaved;
use crate::kernels::QlinearAdd;
use crate::paired::ROWS;
use core::arch::global_asm;

// The assembler takes the instructions of the target triple, to which DSP does not belong on Armv8-M Mainline.
#[cfg(cortex_m_mainline)]
global_asm!(".cpu cortex-m33");
global_asm!(include_str!("paired.s"), options(raw));
global_asm!(include_str!("depthwise.s"), options(raw));
global_asm!(include_str!("add.s"), options(raw));

/// The DSP extension. This module is only compiled for targets that have it.
#[derive(Clone, Copy)]
pub(super) struct Dsp;

impl Arch for Dsp {
    const NARROW: bool = Portable::NARROW;

    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        Portable::fma(a, b, c)
    }

    #[inline(always)]
    fn widen(row: &[i8], words: &mut [u32], step: usize) {
        widen::widen(row, words, step);
    }

    #[inline(always)]
    fn widen_rows(rows: [&[i8]; ROWS], words: &mut [u32]) {
        widen::widen_rows(rows, words);
    }

    #[inline(always)]
    fn widen_patches(x: &[i8], place: Patches, patch: &mut [i8], words: &mut [u32]) {
        widen::widen_patches(x, place, patch, words);
    }

    #[inline(always)]
    fn copy_rows(x: (&[i8], usize), y: (&mut [i8], usize), bytes: usize, rows: usize) {
        widen::copy_rows(x, y, bytes, rows);
    }

    #[inline(always)]
    fn paired_rows(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; ROWS]) {
        products::rows(panel, words, y, starts);
    }

    #[inline(always)]
    fn paired_row(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8]) {
        products::row(panel, words, y);
    }

    #[inline(always)]
    fn widen_bytes(row: &[i8], words: &mut [u32], step: usize) {
        scalar::widen_bytes(row, words, step);
    }

    #[inline(always)]
    fn interleaved_rows(panel: InterleavedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; interleaved::ROWS]) {
        scalar::rows(panel, words, y, starts);
    }

    #[inline(always)]
    fn interleaved_sums(panel: InterleavedPanel<'_>, first: usize, words: &[u32], sums: &mut [u32]) {
        scalar::sums(panel, first, words, sums);
    }

    #[inline(always)]
    fn interleaved_results(panel: InterleavedPanel<'_>, sums: &[u32], y: &mut [i8]) {
        scalar::results(panel, sums, y);
    }

    #[inline(always)]
    fn add(layer: QlinearAdd, a: &[i8], b: &[i8], y: &mut [i8]) {
        add::add(layer, a, b, y);
    }

    #[inline(always)]
    fn add_in_place(layer: QlinearAdd, b: &[i8], y: &mut [i8]) {
        add::add_in_place(layer, b, y);
    }

    #[inline(always)]
    fn paired_window(window: TapWindow<'_, u32>, y: &mut [i8]) {
        taps::taps(&window, y);
    }
}
