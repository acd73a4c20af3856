//! Cores that load and multiply one number at a time: Cortex-M0 to M3 and M23, and RV32 with multiplication. The loops
//! around products are assembler, one file per instruction set with the same two functions: as plain Rust they would
//! keep half of their sums on the stack, and take twice the instructions at opt-levels `s` and `z`.
//!
//! Cores with DSP instructions run them too, for layers whose sums do not fit into pairs of channels.
//!
//! The functions here check all lengths before, so that nothing outside of the operands is read or written.
#![allow(unsafe_code)]

#[cfg(not(cortex_m_dsp))]
mod machine;
mod products;
#[cfg(not(cortex_m_dsp))]
mod taps;

#[cfg(not(cortex_m_dsp))]
pub(super) use machine::Scalar;
#[cfg(cortex_m_dsp)]
pub(super) use products::{results, rows, sums, widen_bytes};

use core::arch::global_asm;

#[cfg(scalar = "armv6m")]
global_asm!(include_str!("armv6m.s"), options(raw));
#[cfg(scalar = "armv7m")]
global_asm!(include_str!("armv7m.s"), options(raw));
#[cfg(scalar = "rv32")]
global_asm!(include_str!("rv32.s"), options(raw));
