//! What is particular to RISC-V: start, semihosting, stack and counter.

use core::arch::{asm, global_asm};

// The first instruction, at the start of memory.
global_asm!(".section .vectors, \"ax\"", ".global _start", "_start:", "la sp, _stack_top", "j {probe}", probe = sym crate::probe);

/// Nothing has to be switched on.
#[inline(always)]
pub fn start() {}

/// Asks the host for something; `argument` is that of the call.
#[inline(always)]
pub fn call(code: usize, argument: usize) -> usize {
    let result;
    // SAFETY: the emulator answers this breakpoint, which it knows by the instructions around it.
    unsafe {
        asm!(
            ".option push", ".option norvc", ".balign 16",
            "slli x0, x0, 0x1f", "ebreak", "srai x0, x0, 7",
            ".option pop",
            inout("a0") code => result, in("a1") argument,
        );
    }
    result
}

/// Asks the host for something that takes several arguments.
#[inline(always)]
pub fn ask(code: usize, arguments: &[usize; 3]) -> usize {
    call(code, arguments.as_ptr().addr())
}

#[inline(always)]
pub fn stack_pointer() -> usize {
    let pointer;
    // SAFETY: reads a register.
    unsafe { asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

#[inline(always)]
pub fn end_of_statics() -> usize {
    unsafe extern "C" {
        static _end: u32;
    }
    (&raw const _end).addr()
}

/// A reading of the counter of cycles, of which the emulator has one per instruction.
#[inline(always)]
pub fn counter() -> u32 {
    let cycles;
    // SAFETY: reads a register.
    unsafe { asm!("csrr {}, mcycle", out(reg) cycles, options(nostack)) };
    cycles
}

/// The ticks between two readings of the counter with these instructions between them.
macro_rules! between {
    ($($asm:literal,)* ; $($operands:tt)*) => {{
        let (start, end): (u32, u32);
        asm!("csrr s2, mcycle", $($asm,)* "csrr a0, mcycle", out("s2") start, lateout("a0") end, $($operands)*);
        end.wrapping_sub(start)
    }};
}

/// Ticks of a call of the inference and of all that it executes.
#[inline(always)]
pub fn timed() -> u32 {
    // SAFETY: calls a function of Rust as the processor's ABI has it.
    unsafe { between!("call {infer}", ; infer = sym crate::job::infer, clobber_abi("C")) }
}

/// Ticks of nothing, and of a loop of 100 000 turns of two instructions.
#[inline(always)]
pub fn calibrate() -> [u32; 2] {
    // SAFETY: changes no register but these.
    unsafe {
        [
            between!(;),
            between!("2:", "addi a1, a1, -1", "bnez a1, 2b", ; inout("a1") 100_000 => _),
        ]
    }
}
