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
        self.run_of::<K, K>(kernel);
    }

    /// [`run`](Self::run) of a kernel that rustc is to compile in the codegen unit of `Owner`'s module.
    #[inline(always)]
    pub(crate) fn run_of<Owner, K: Kernel>(self, kernel: K) {
        if self.avx2 {
            // SAFETY: `avx2` is set only where `has_avx2_and_fma` found both features.
            unsafe { <Owner as Copies<K>>::avx2(kernel) }
        } else {
            <Owner as Copies<K::Shared>>::baseline(kernel.shared())
        }
    }
}

/// The compiled copies of a kernel, as calls of their own. They are methods, of any type, since rustc puts a method into the
/// codegen unit of the module of its `Self`: as plain functions, all copies of all kernels would be one unit, which a
/// single core compiles from beginning to end and which every change of a kernel compiles again.
trait Copies<K> {
    /// # Safety
    /// The processor must have AVX2 and FMA.
    unsafe fn avx2(kernel: K);
    fn baseline(kernel: K);
}

impl<Owner, K: Kernel> Copies<K> for Owner {
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2(kernel: K) {
        kernel.run(Fma)
    }

    #[inline(never)]
    fn baseline(kernel: K) {
        kernel.run(Baseline)
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
