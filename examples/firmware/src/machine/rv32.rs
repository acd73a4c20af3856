//! RV32, with its counter of cycles for a clock and semihosting for output.
#![allow(unsafe_code)]

use core::arch::{asm, global_asm};

// Where the processor starts: statics and the paint of the stack.
global_asm!(include_str!("rv32.s"));

/// What `rv32.s` paints the stack with.
const PAINT: u32 = 0xcccc_cccc;

/// Codes of semihosting.
const OPEN: usize = 1;
const WRITE: usize = 5;
const EXIT: usize = 0x18;

/// Asks the host for something.
fn call(code: usize, argument: usize) -> usize {
    let result;
    // SAFETY: the emulator answers this breakpoint, which it knows by the instructions around it, and reads no more
    // than the arguments of the call.
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

/// The terminal.
pub(crate) struct Host(usize);

impl Host {
    /// Writes bytes.
    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> Result<(), ()> {
        let arguments = [self.0, bytes.as_ptr().expose_provenance(), bytes.len()];
        match call(WRITE, arguments.as_ptr().expose_provenance()) {
            0 => Ok(()),
            _ => Err(()),
        }
    }
}

/// Where text goes.
pub(crate) fn host() -> Option<Host> {
    let name = *b":tt\0";
    // To write, as `fopen` has "w".
    let arguments = [name.as_ptr().expose_provenance(), 4, name.len() - 1];
    let file = call(OPEN, arguments.as_ptr().expose_provenance());
    (file != usize::MAX).then_some(Host(file))
}

/// The counter runs from the start on.
pub(crate) fn start_clock() {}

/// A reading of the clock.
pub(crate) fn now() -> u32 {
    let cycles;
    // SAFETY: reads a register.
    unsafe { asm!("csrr {}, mcycle", out(reg) cycles, options(nostack)) };
    cycles
}

/// Ticks since a reading.
pub(crate) fn since(start: u32) -> u32 {
    now().wrapping_sub(start)
}

/// Ends with exit code 0 or 1.
pub(crate) fn exit(good: bool) -> ! {
    loop {
        call(EXIT, if good { 0x2_0026 } else { 0x2_0023 });
    }
}

/// Bytes from the top of the stack to the deepest that was ever written.
pub(crate) fn stack_used() -> usize {
    unsafe extern "C" {
        /// The linker script's end of statics, and of RAM.
        static _end_statics: u32;
        static _stack_start: u32;
    }
    let top = &raw const _stack_start;
    let mut at = &raw const _end_statics;
    // SAFETY: between these two the linker script has whole words of RAM, which hold nothing but the stack.
    while at < top && unsafe { at.read_volatile() } == PAINT {
        at = at.wrapping_add(1);
    }
    top.addr() - at.addr()
}
