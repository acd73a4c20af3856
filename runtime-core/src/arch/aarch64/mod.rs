//! aarch64 with NEON: the levels that a kernel is compiled for, and which of them the processor runs.
#![allow(unsafe_code)]

mod depthwise;
mod depthwise_dots;
mod depthwise_pairs;
mod detect;
mod dotprod;
mod neon;
mod pairs;
mod quads;
mod requantize;

use self::dotprod::Dotprod;
use self::neon::Neon;
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
    /// Plain Rust, compiled with the feature `portable` only.
    Portable = 1,
    /// NEON, as in Cortex-A53 and A72.
    Neon,
    /// The dot products of Armv8.2, as in Cortex-A55 and A76, for kernels of 8-bit integers.
    Dotprod,
}

const LEVELS: [Level; 3] = [Level::Portable, Level::Neon, Level::Dotprod];

/// Whether plain Rust is kept beside NEON.
const KEEPS_PORTABLE: bool = cfg!(feature = "portable");

/// Whether the target itself has dot products, as with `-C target-cpu=cortex-a76` and on Apple's processors: nothing
/// runs the copies of integer kernels without, and they are not compiled unless the feature `portable` asks for them.
const TARGET_HAS_DOTPROD: bool = cfg!(all(not(feature = "portable"), target_feature = "dotprod"));

/// Whether copies with dot products are compiled: not where nothing could ever find out that they can run.
const HAS_DOTPROD: bool = detect::ASKS || cfg!(target_feature = "dotprod");

/// The level as a number; zero before it was asked for.
static DETECTED: AtomicU8 = AtomicU8::new(0);

impl Simd {
    /// The least that the target has: NEON, unless rustc was told of more. With the feature `portable`, plain Rust
    /// whatever rustc was told, which computes the same everywhere.
    pub const BASELINE: Self = Self {
        level: if KEEPS_PORTABLE {
            Level::Portable
        } else if TARGET_HAS_DOTPROD {
            Level::Dotprod
        } else {
            Level::Neon
        },
    };

    /// Asks once what the processor has, then remembers: on Linux and Android. Asks nothing elsewhere, and where the
    /// target has all that kernels use: what it was compiled for is what runs.
    #[inline]
    pub fn detect() -> Self {
        if TARGET_HAS_DOTPROD {
            return Self::BASELINE;
        }
        if !detect::ASKS {
            return Self { level: detect::level() };
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

    /// Runs the copy of `kernel` compiled for NEON, as a call of its own: a layer is a line in a profile.
    #[inline(always)]
    pub fn run<K: Kernel>(self, kernel: K) {
        self.run_of::<K, K>(kernel);
    }

    /// [`run`](Self::run) of a kernel that rustc is to compile in the codegen unit of `Owner`'s module.
    #[inline(always)]
    pub(crate) fn run_of<Owner, K: Kernel>(self, kernel: K) {
        if KEEPS_PORTABLE && self.level == Level::Portable {
            <Owner as Copies<K::Shared>>::portable(kernel.shared())
        } else {
            <Owner as Copies<K>>::neon(kernel)
        }
    }

    /// [`run`](Self::run): dot products are of integers.
    #[inline(always)]
    pub fn run_floats<K: Kernel>(self, kernel: K) {
        self.run(kernel)
    }

    /// [`run_of`](Self::run_of): dot products are of integers.
    #[inline(always)]
    pub(crate) fn run_floats_of<Owner, K: Kernel>(self, kernel: K) {
        self.run_of::<Owner, K>(kernel)
    }

    /// [`run`](Self::run) of a kernel of 8-bit integers that [`Arch`](super::Arch) has more for at the highest level.
    #[inline(always)]
    pub fn run_integers<K: Kernel>(self, kernel: K) {
        if TARGET_HAS_DOTPROD || HAS_DOTPROD && self.level == Level::Dotprod {
            // SAFETY: the target has dot products, or `detect::level` found them.
            unsafe { <K as Copies<K>>::dotprod(kernel) }
        } else {
            self.run(kernel)
        }
    }

    /// [`run_integers`](Self::run_integers) where only the copy of the highest level is specialised to the layer: two
    /// of them take rustc twice the time, and long sums hardly gain from it.
    #[inline(always)]
    pub fn run_long_integers<K: Kernel>(self, kernel: K) {
        if TARGET_HAS_DOTPROD || HAS_DOTPROD && self.level == Level::Dotprod {
            // SAFETY: the target has dot products, or `detect::level` found them.
            unsafe { <K as Copies<K>>::dotprod(kernel) }
        } else if HAS_DOTPROD {
            self.run_of::<K::Shared, K::Shared>(kernel.shared())
        } else {
            self.run(kernel)
        }
    }
}

/// The compiled copies of a kernel, as calls of their own. They are methods, of any type, since rustc puts a method
/// into the codegen unit of the module of its `Self`: as plain functions, all copies of all kernels would be one unit,
/// which a single core compiles from beginning to end and which every change of a kernel compiles again.
trait Copies<K> {
    /// # Safety
    /// The processor must be of [`Level::Dotprod`].
    unsafe fn dotprod(kernel: K);
    fn neon(kernel: K);
    fn portable(kernel: K);
}

impl<Owner, K: Kernel> Copies<K> for Owner {
    #[target_feature(enable = "dotprod")]
    unsafe fn dotprod(kernel: K) {
        kernel.run(Dotprod)
    }

    #[inline(never)]
    fn neon(kernel: K) {
        kernel.run(Neon)
    }

    #[inline(never)]
    fn portable(kernel: K) {
        kernel.run(Portable)
    }
}
