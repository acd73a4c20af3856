//! What is particular to Cortex-M: start, semihosting, stack and counter.

use crate::job::{CAPTURE, COUNTER, TIMER};
use core::arch::{asm, global_asm};
use core::sync::atomic::AtomicU32;

// The stack pointer and the first instruction, where the processor looks for them.
global_asm!(
    ".section .vectors, \"a\"",
    ".word _stack_top",
    ".word {probe}",
    probe = sym crate::probe,
);

/// Where writing 1 has the counter captured, for boards whose counter must be; elsewhere a word of memory.
#[unsafe(link_section = ".probe.bss")]
static SCRATCH: AtomicU32 = AtomicU32::new(0);

/// Addresses for a reading of the counter.
#[repr(C)]
struct Clock {
    capture: usize,
    counter: usize,
}

#[inline(always)]
fn clock() -> Clock {
    Clock {
        capture: CAPTURE.unwrap_or(SCRATCH.as_ptr().addr()),
        counter: COUNTER,
    }
}

/// Switches the floating-point unit on, if there is one, and starts the timer, if the counter is one.
#[inline(always)]
pub fn start() {
    // SAFETY: CPACR is a register of every Cortex-M that has a floating-point unit.
    #[cfg(target_abi = "eabihf")]
    unsafe {
        let cpacr = core::ptr::with_exposed_provenance_mut::<u32>(0xe000_ed88);
        cpacr.write_volatile(cpacr.read_volatile() | 0xf << 20);
        asm!("dsb", "isb");
    }
    for (register, value) in TIMER {
        // SAFETY: registers of the timer of this board.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(register).write_volatile(value) };
    }
}

/// Asks the host for something; `argument` is that of the call.
#[inline(always)]
pub fn call(code: usize, argument: usize) -> usize {
    let result;
    // SAFETY: the emulator answers this breakpoint.
    unsafe { asm!("bkpt 0xab", inout("r0") code => result, in("r1") argument) };
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
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

#[inline(always)]
pub fn end_of_statics() -> usize {
    unsafe extern "C" {
        static _end: u32;
    }
    (&raw const _end).addr()
}

/// A reading of the counter.
#[inline(always)]
pub fn counter() -> u32 {
    let clock = clock();
    // SAFETY: a register of this board, or the word above, and the counter.
    unsafe {
        core::ptr::with_exposed_provenance_mut::<u32>(clock.capture).write_volatile(1);
        core::ptr::with_exposed_provenance::<u32>(clock.counter).read_volatile()
    }
}

/// Instructions between two readings of the counter, which r4 has the addresses for; the ticks between them.
macro_rules! between {
    ($($asm:literal,)* ; $($operands:tt)*) => {{
        let clock = clock();
        let (start, end): (u32, u32);
        asm!(
            "ldr r0, [r4]", "movs r1, #1", "str r1, [r0]", "ldr r0, [r4, #4]", "ldr r0, [r0]",
            "mov r5, r0",
            $($asm,)*
            "ldr r0, [r4]", "movs r1, #1", "str r1, [r0]", "ldr r0, [r4, #4]", "ldr r0, [r0]",
            in("r4") &raw const clock, lateout("r0") end, out("r5") start, $($operands)*
        );
        end.wrapping_sub(start)
    }};
}

/// Ticks of a call of the inference and of all that it executes.
#[inline(always)]
pub fn timed() -> u32 {
    // SAFETY: calls a function of Rust as the processor's ABI has it.
    unsafe {
        between!(
            "bl {infer}", ;
            infer = sym crate::job::infer,
            out("r1") _, out("r2") _, out("r3") _, out("r12") _, out("lr") _,
            #[cfg(target_abi = "eabihf")] out("d0") _,
            #[cfg(target_abi = "eabihf")] out("d1") _,
            #[cfg(target_abi = "eabihf")] out("d2") _,
            #[cfg(target_abi = "eabihf")] out("d3") _,
            #[cfg(target_abi = "eabihf")] out("d4") _,
            #[cfg(target_abi = "eabihf")] out("d5") _,
            #[cfg(target_abi = "eabihf")] out("d6") _,
            #[cfg(target_abi = "eabihf")] out("d7") _,
        )
    }
}

/// Ticks of nothing, and of a loop of 100 000 turns of two instructions, with the two that load the number of turns.
#[inline(always)]
pub fn calibrate() -> [u32; 2] {
    // SAFETY: changes no register but these.
    unsafe {
        [
            between!(; out("r1") _),
            between!("2:", "subs r2, r2, #1", "bne 2b", ; out("r1") _, inout("r2") 100_000 => _),
        ]
    }
}
