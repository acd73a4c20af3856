//! x86-64: the levels that a kernel is compiled for, and which of them the processor runs.
#![allow(unsafe_code)]

mod avx2;
mod avx512;
mod depthwise;
mod depthwise_floats;
mod detect;
mod pairs;
mod requantize;
mod tall;
mod tall_conv2d;
mod vnni;

use self::avx2::Avx2;
use self::vnni::Vnni;
use super::{Kernel, Portable};
use core::sync::atomic::{AtomicU8, Ordering};

/// The instruction set that was detected: says which compiled copy of a kernel runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simd {
    level: Level,
}

/// In ascending order: a processor runs all up to its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
#[repr(u8)]
enum Level {
    /// SSE2.
    Baseline = 1,
    /// AVX2, FMA and F16C.
    Avx2,
    /// AVX-512 with VNNI, for kernels that multiply by tiles.
    Vnni,
}

const LEVELS: [Level; 3] = [Level::Baseline, Level::Avx2, Level::Vnni];

/// Whether the target itself has AVX2, FMA and F16C, as with `-C target-cpu=native` on most processors: nothing runs
/// the copies for the baseline then, and they are not compiled unless the feature `portable` asks for them.
const TARGET_HAS_AVX2: bool = cfg!(all(
    not(feature = "portable"),
    target_feature = "avx2",
    target_feature = "fma",
    target_feature = "f16c"
));

/// Whether the target itself has what [`Level::Vnni`] needs: one copy of each kernel is compiled.
const TARGET_HAS_VNNI: bool = TARGET_HAS_AVX2
    && cfg!(all(
        target_feature = "avx512f",
        target_feature = "avx512bw",
        target_feature = "avx512vl",
        target_feature = "avx512vnni"
    ));

/// The level as a number; zero before it was asked for.
static DETECTED: AtomicU8 = AtomicU8::new(0);

impl Simd {
    /// The least that the target has: plain SSE2, which every x86-64 has, unless rustc was told of more. With the
    /// feature `portable`, plain Rust whatever rustc was told.
    pub const BASELINE: Self = Self {
        level: if TARGET_HAS_VNNI {
            Level::Vnni
        } else if TARGET_HAS_AVX2 {
            Level::Avx2
        } else {
            Level::Baseline
        },
    };

    /// Asks the processor once, then remembers. Asks nothing where the target has all that kernels use.
    #[inline]
    pub fn detect() -> Self {
        if TARGET_HAS_VNNI {
            return Self::BASELINE;
        }
        let known = DETECTED.load(Ordering::Relaxed);
        for level in LEVELS {
            if level as u8 == known {
                return Self { level };
            }
        }
        let level = detect::level();
        DETECTED.store(level as u8, Ordering::Relaxed);
        Self { level }
    }

    /// Every compiled level that this processor runs, in ascending order.
    pub fn levels() -> impl Iterator<Item = Self> {
        let best = Self::detect().level;
        LEVELS
            .into_iter()
            .filter(move |level| Self::BASELINE.level <= *level && *level <= best)
            .map(|level| Self { level })
    }

    /// Runs the copy of `kernel` compiled for this instruction set. The baseline's is not specialised to the layer: it
    /// is a method of the type that all layers share, so that rustc compiles it once for all layers of a form.
    #[inline(always)]
    pub fn run<K: Kernel>(self, kernel: K) {
        if TARGET_HAS_AVX2 || self.level >= Level::Avx2 {
            // SAFETY: the target has the features, or `detect::level` found them.
            unsafe { <K as Copies<K>>::avx2(kernel) }
        } else {
            <K::Shared as Copies<K::Shared>>::baseline(kernel.shared())
        }
    }

    /// [`run`](Self::run) of a kernel that rustc is to compile in the codegen unit of `Owner`'s module.
    #[inline(always)]
    pub(crate) fn run_of<Owner, K: Kernel>(self, kernel: K) {
        if TARGET_HAS_AVX2 || self.level >= Level::Avx2 {
            // SAFETY: the target has the features, or `detect::level` found them.
            unsafe { <Owner as Copies<K>>::avx2(kernel) }
        } else {
            <Owner as Copies<K::Shared>>::baseline(kernel.shared())
        }
    }

    /// [`run`](Self::run) of a kernel that multiplies floats by the tiles of [`Arch`](super::Arch). The copy for
    /// vectors of 512 bits is not specialised to the layer, so that rustc compiles it once for all layers of a form.
    #[inline(always)]
    pub fn run_floats<K: Kernel>(self, kernel: K) {
        if TARGET_HAS_VNNI || self.level == Level::Vnni {
            // SAFETY: the target has the features, or `detect::level` found them.
            unsafe { <K::Shared as Copies<K::Shared>>::vnni(kernel.shared()) }
        } else {
            self.run(kernel)
        }
    }

    /// [`run_floats`](Self::run_floats) of a kernel that rustc is to compile in the codegen unit of `Owner`'s module.
    #[inline(always)]
    pub(crate) fn run_floats_of<Owner, K: Kernel>(self, kernel: K) {
        if TARGET_HAS_VNNI || self.level == Level::Vnni {
            // SAFETY: the target has the features, or `detect::level` found them.
            unsafe { <Owner as Copies<K::Shared>>::vnni(kernel.shared()) }
        } else {
            self.run_of::<Owner, K>(kernel)
        }
    }

    /// [`run`](Self::run) of a kernel of 8-bit integers that [`Arch`](super::Arch) has more for at the highest level.
    #[inline(always)]
    pub fn run_integers<K: Kernel>(self, kernel: K) {
        if TARGET_HAS_VNNI || self.level == Level::Vnni {
            // SAFETY: the target has the features, or `detect::level` found them.
            unsafe { <K as Copies<K>>::vnni(kernel) }
        } else {
            self.run(kernel)
        }
    }

    /// [`run_integers`](Self::run_integers) where only the copy of the highest level is specialised to the layer: two
    /// of them take rustc twice the time, and long sums hardly gain from it.
    #[inline(always)]
    pub fn run_long_integers<K: Kernel>(self, kernel: K) {
        if TARGET_HAS_VNNI || self.level == Level::Vnni {
            // SAFETY: the target has the features, or `detect::level` found them.
            unsafe { <K as Copies<K>>::vnni(kernel) }
        } else if TARGET_HAS_AVX2 || self.level == Level::Avx2 {
            // SAFETY: as above.
            unsafe { <K::Shared as Copies<K::Shared>>::avx2(kernel.shared()) }
        } else {
            <K::Shared as Copies<K::Shared>>::baseline(kernel.shared())
        }
    }
}

/// The compiled copies of a kernel, as calls of their own. They are methods, of any type, since rustc puts a method
/// into the codegen unit of the module of its `Self`: as plain functions, all copies of all kernels would be one unit,
/// which a single core compiles from beginning to end and which every change of a kernel compiles again.
trait Copies<K> {
    /// # Safety
    /// The processor must be of [`Level::Vnni`].
    unsafe fn vnni(kernel: K);
    /// # Safety
    /// The processor must be of [`Level::Avx2`] or above.
    unsafe fn avx2(kernel: K);
    fn baseline(kernel: K);
}

impl<Owner, K: Kernel> Copies<K> for Owner {
    #[target_feature(enable = "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn vnni(kernel: K) {
        kernel.run(Vnni)
    }

    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn avx2(kernel: K) {
        kernel.run(Avx2)
    }

    #[inline(never)]
    fn baseline(kernel: K) {
        kernel.run(Portable)
    }
}
