#![allow(unsafe_code)]

use super::{Arch, Baseline, Kernel};
use core::arch::x86_64::{__cpuid, __cpuid_count, _mm_cvtss_f32, _mm_fmadd_ss, _mm_set_ss, _xgetbv};
use core::sync::atomic::{AtomicU8, Ordering};

#[derive(Clone, Copy)]
struct Fma;

impl Arch for Fma {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        // `f32::mul_add` is not in `core`; this intrinsic becomes the same `llvm.fma` and vectorises alike.
        // SAFETY: `Fma` is private, and only used inside `avx2`, which enables the feature.
        unsafe { _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c))) }
    }
}

/// The instruction set that was detected: says which compiled copy of a kernel runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simd {
    avx2: bool,
}

const UNKNOWN: u8 = 0;
const BASELINE: u8 = 1;
const AVX2: u8 = 2;
static DETECTED: AtomicU8 = AtomicU8::new(UNKNOWN);

impl Simd {
    /// Plain SSE2, which every x86-64 has.
    pub const BASELINE: Self = Self { avx2: false };

    /// Asks the processor once, then remembers.
    #[inline]
    pub fn detect() -> Self {
        let mut level = DETECTED.load(Ordering::Relaxed);
        if level == UNKNOWN {
            level = if has_avx2_and_fma() { AVX2 } else { BASELINE };
            DETECTED.store(level, Ordering::Relaxed);
        }
        Self { avx2: level == AVX2 }
    }

    /// Runs the copy of `kernel` compiled for this instruction set. Only the AVX2 copy is specialised to the layer.
    #[inline(always)]
    pub fn run<K: Kernel>(self, kernel: K) {
        #[target_feature(enable = "avx2,fma")]
        fn avx2<K: Kernel>(kernel: K) {
            kernel.run(Fma)
        }
        #[inline(never)]
        fn baseline<K: Kernel>(kernel: K) {
            kernel.run(Baseline)
        }
        if self.avx2 {
            // SAFETY: `avx2` is set only where `has_avx2_and_fma` found both features.
            unsafe { avx2(kernel) }
        } else {
            baseline(kernel.shared())
        }
    }
}

#[cold]
fn has_avx2_and_fma() -> bool {
    const FMA: u32 = 1 << 12;
    const OSXSAVE: u32 = 1 << 27;
    const AVX: u32 = 1 << 28;
    const AVX2: u32 = 1 << 5;
    const XMM_AND_YMM: u64 = 0b110;

    #[target_feature(enable = "xsave")]
    fn enabled_state() -> u64 {
        // SAFETY: XCR0 exists wherever OSXSAVE is reported; the caller checks it.
        unsafe { _xgetbv(0) }
    }

    let (most, leaf1) = (__cpuid(0).eax, __cpuid(1).ecx);
    if most < 7 || leaf1 & (FMA | OSXSAVE | AVX) != (FMA | OSXSAVE | AVX) {
        return false;
    }
    // SAFETY: OSXSAVE was just found.
    let state = unsafe { enabled_state() };
    state & XMM_AND_YMM == XMM_AND_YMM && __cpuid_count(7, 0).ebx & AVX2 != 0
}
