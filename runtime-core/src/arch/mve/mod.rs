//! Cortex-M with vectors (MVE): M55 and M85. Stable Rust has no functions for its instructions, so that loops are
//! assembler. Kernels on other layouts run as on cores with DSP instructions, which these have as well.
//!
//! The functions here check all lengths before, so that nothing outside of the operands is read or written.
#![allow(unsafe_code)]

mod products;
mod taps;

use super::cortex_m::Dsp;
use super::{Arch, PairedPanel, Patches, RowsPanel, TapWindow};
use crate::kernels::QlinearAdd;
use crate::{interleaved, paired, rows};
use core::arch::global_asm;

global_asm!(include_str!("mve.s"), options(raw));

/// Vectors. This module is only compiled for targets that have them.
#[derive(Clone, Copy)]
pub(super) struct Mve;

/// Micro-kernels that are those of [`Dsp`].
macro_rules! as_dsp {
    ($($name:ident($($operand:ident: $ty:ty),*);)*) => {$(
        #[inline(always)]
        fn $name($($operand: $ty),*) {
            Dsp::$name($($operand),*)
        }
    )*};
}

impl Arch for Mve {
    const NARROW: bool = Dsp::NARROW;

    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        Dsp::fma(a, b, c)
    }

    as_dsp! {
        widen(row: &[i8], words: &mut [u32], step: usize);
        widen_rows(rows: [&[i8]; paired::ROWS], words: &mut [u32]);
        widen_patches(x: &[i8], patches: Patches, patch: &mut [i8], words: &mut [u32]);
        copy_rows(x: (&[i8], usize), y: (&mut [i8], usize), bytes: usize, rows: usize);
        paired_rows(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; paired::ROWS]);
        paired_row(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8]);
        paired_window(window: TapWindow<'_, u32>, y: &mut [i8]);
        widen_bytes(row: &[i8], words: &mut [u32], step: usize);
        interleaved_rows(
            panel: super::InterleavedPanel<'_>,
            words: &[u32],
            y: &mut [i8],
            starts: [usize; interleaved::ROWS]
        );
        interleaved_sums(panel: super::InterleavedPanel<'_>, first: usize, words: &[u32], sums: &mut [u32]);
        interleaved_results(panel: super::InterleavedPanel<'_>, sums: &[u32], y: &mut [i8]);
        add(layer: QlinearAdd, a: &[i8], b: &[i8], y: &mut [i8]);
        add_in_place(layer: QlinearAdd, b: &[i8], y: &mut [i8]);
    }

    #[inline(always)]
    fn rows(panel: RowsPanel<'_>, x: &[i8], from: [usize; rows::ROWS], y: &mut [i8], starts: [usize; rows::ROWS]) {
        products::rows(panel, x, from, y, starts);
    }

    #[inline(always)]
    fn row(panel: RowsPanel<'_>, x: &[i8], y: &mut [i8]) {
        products::row(panel, x, y);
    }

    #[inline(always)]
    fn rows_window(window: TapWindow<'_, i8>, y: &mut [i8]) {
        taps::taps(&window, y);
    }
}
