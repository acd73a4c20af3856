//! What the processor has, and the operating system saves.
#![allow(unsafe_code)]

use super::Level;
use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};

/// The highest level whose features are all there.
#[cold]
pub(super) fn level() -> Level {
    const FMA: u32 = 1 << 12;
    const OSXSAVE: u32 = 1 << 27;
    const AVX: u32 = 1 << 28;
    const F16C: u32 = 1 << 29;
    const AVX2: u32 = 1 << 5;
    /// Foundation, bytes and words, vectors of other lengths.
    const AVX512: u32 = 1 << 16 | 1 << 30 | 1 << 31;
    const VNNI: u32 = 1 << 11;
    const XMM_AND_YMM: u64 = 0b110;
    /// Masks, and the registers of 512 bits.
    const ZMM: u64 = 0b1110_0000;

    #[target_feature(enable = "xsave")]
    fn enabled_state() -> u64 {
        // SAFETY: XCR0 exists wherever OSXSAVE is reported; the caller checks it.
        unsafe { _xgetbv(0) }
    }

    // The interpreter knows neither the instruction that asks nor the vectors.
    if cfg!(miri) {
        return Level::Baseline;
    }
    let (most, leaf1) = (__cpuid(0).eax, __cpuid(1).ecx);
    let needed = FMA | OSXSAVE | AVX | F16C;
    if most < 7 || leaf1 & needed != needed {
        return Level::Baseline;
    }
    // SAFETY: OSXSAVE was just found.
    let state = unsafe { enabled_state() };
    let leaf7 = __cpuid_count(7, 0);
    if state & XMM_AND_YMM != XMM_AND_YMM || leaf7.ebx & AVX2 == 0 {
        Level::Baseline
    } else if state & ZMM == ZMM && leaf7.ebx & AVX512 == AVX512 && leaf7.ecx & VNNI != 0 {
        Level::Vnni
    } else {
        Level::Avx2
    }
}
