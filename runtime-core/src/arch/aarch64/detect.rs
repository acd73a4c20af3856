//! What the processor has, as far as it can be asked.
//!
//! Linux and Android say so in the auxiliary vector of a process, on every kernel. The register that says it,
//! `ID_AA64ISAR0_EL1`, can be read by programs since Linux 4.11 only: a program that reads it on an older kernel ends,
//! and boards with 4.4 and 4.9 are in use. Without an operating system it can be read at EL1 and above, but not at EL0,
//! and a program cannot ask safely where it is: what `-C target-cpu` promises counts there.

use super::Level;

/// Whether the processor is asked at run time.
pub(super) const ASKS: bool = system::ASKS;

/// The highest level whose instructions are there.
#[cold]
pub(super) fn level() -> Level {
    if cfg!(target_feature = "dotprod") || system::has_dotprod() {
        Level::Dotprod
    } else {
        Level::Neon
    }
}

/// Linux with a C library, which every program for its targets is linked to, and Android.
#[cfg(any(
    target_os = "android",
    all(target_os = "linux", any(target_env = "gnu", target_env = "musl"))
))]
mod system {
    use core::ffi::c_ulong;

    pub(super) const ASKS: bool = true;

    unsafe extern "C" {
        /// An entry of the auxiliary vector, zero if there is none: a function of every C library.
        safe fn getauxval(kind: c_ulong) -> c_ulong;
    }

    pub(super) fn has_dotprod() -> bool {
        /// The entry with bits for instructions, and the bit of SDOT and UDOT.
        const AT_HWCAP: c_ulong = 16;
        const ASIMDDP: c_ulong = 1 << 20;
        // The interpreter does not know the instructions.
        !cfg!(miri) && getauxval(AT_HWCAP) & ASIMDDP != 0
    }
}

/// All others.
#[cfg(not(any(
    target_os = "android",
    all(target_os = "linux", any(target_env = "gnu", target_env = "musl"))
)))]
mod system {
    pub(super) const ASKS: bool = false;

    pub(super) fn has_dotprod() -> bool {
        false
    }
}
