use super::{products, taps};
use crate::arch::{Arch, InterleavedPanel, Portable, TapWindow};
use crate::interleaved::ROWS;

/// Loads and products of single numbers. This module is only compiled for targets that have its assembler.
#[derive(Clone, Copy)]
pub(in crate::arch) struct Scalar;

impl Arch for Scalar {
    const NARROW: bool = Portable::NARROW;

    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        Portable::fma(a, b, c)
    }

    #[inline(always)]
    fn widen_bytes(row: &[i8], words: &mut [u32], step: usize) {
        products::widen_bytes(row, words, step);
    }

    #[inline(always)]
    fn interleaved_rows(panel: InterleavedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; ROWS]) {
        products::rows(panel, words, y, starts);
    }

    #[inline(always)]
    fn interleaved_sums(panel: InterleavedPanel<'_>, first: usize, words: &[u32], sums: &mut [u32]) {
        products::sums(panel, first, words, sums);
    }

    #[inline(always)]
    fn interleaved_results(panel: InterleavedPanel<'_>, sums: &[u32], y: &mut [i8]) {
        products::results(panel, sums, y);
    }

    #[inline(always)]
    fn interleaved_window(window: TapWindow<'_, i8>, y: &mut [i8]) {
        taps::taps(&window, y);
    }
}
