//! Runs a model on the cases of a file, and writes what came of each and what it cost. Written by the firmware harness.
//!
//! Everything but the model is in sections named `.probe`, so that what is outside of them is what the model takes.
//!
//! The file `in` holds the number of cases, then the inputs of each. The file `out` gets the ticks of nothing, those of a
//! loop of known length, then for each case the ticks of one inference, the bytes of stack, one reading of the counter
//! per hook, and the outputs. Numbers have 32 bits, little-endian.
#![no_std]
#![no_main]

mod job;
mod machine;
#[allow(dead_code)]
mod model;

use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Most bytes of stack that are painted.
const PAINTED: usize = 256 * 1024;
const PAINT: u32 = 0xdead_beef;
/// Codes of semihosting.
const OPEN: usize = 1;
const WRITE: usize = 5;
const READ: usize = 6;
const EXIT: usize = 0x18;

/// Something that is read from a file or written to one.
pub struct Bytes(pub *const u8, pub usize);
// SAFETY: there is one thread.
unsafe impl Sync for Bytes {}

#[unsafe(link_section = ".probe.rodata")]
static IN: [u8; 3] = *b"in\0";
#[unsafe(link_section = ".probe.rodata")]
static OUT: [u8; 4] = *b"out\0";

/// Readings of the counter: two in a row, then those of the inference.
static READINGS: [AtomicU32; job::HOOKS] = [const { AtomicU32::new(0) }; job::HOOKS];
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// Reads the counter. Where the cost of each kernel call is asked for, calls of this stand between them.
#[allow(dead_code)]
#[inline(never)]
#[unsafe(link_section = ".probe.text.hook")]
pub fn hook() {
    let at = TAKEN.load(Relaxed);
    if let Some(reading) = READINGS.get(at) {
        reading.store(machine::counter(), Relaxed);
        TAKEN.store(at + 1, Relaxed);
    }
}

#[inline(always)]
fn open(name: &[u8], mode: usize) -> usize {
    machine::ask(OPEN, &[name.as_ptr().addr(), mode, name.len() - 1])
}

#[inline(always)]
fn write(file: usize, address: usize, bytes: usize) {
    if machine::ask(WRITE, &[file, address, bytes]) != 0 {
        exit(false);
    }
}

#[inline(always)]
fn write_number(file: usize, number: u32) {
    write(file, (&raw const number).addr(), 4);
}

#[inline(always)]
fn read(file: usize, address: usize, bytes: usize) {
    if machine::ask(READ, &[file, address, bytes]) != 0 {
        exit(false);
    }
}

/// Ends with exit code 0 or 1.
#[inline(always)]
fn exit(good: bool) -> ! {
    loop {
        machine::call(EXIT, if good { 0x2_0026 } else { 0x2_0023 });
    }
}

/// Paints the stack between two addresses.
#[inline(always)]
fn paint(bottom: usize, top: usize) {
    let mut at = bottom;
    while at < top {
        // SAFETY: the memory between the last static and the stack pointer is nobody's.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(at).write_volatile(PAINT) };
        at += 4;
    }
}

/// Bytes from the deepest word that was written up to `top`.
#[inline(always)]
fn depth(bottom: usize, top: usize) -> usize {
    let mut at = bottom;
    // SAFETY: as in `paint`.
    while at < top && unsafe { core::ptr::with_exposed_provenance::<u32>(at).read_volatile() } == PAINT {
        at += 4;
    }
    top - at
}

/// All cases of the file.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".probe.text.main")]
extern "C" fn probe() -> ! {
    machine::start();
    let (input, output) = (open(&IN, 1), open(&OUT, 5));
    let [nothing, looped] = machine::calibrate();
    write_number(output, nothing);
    write_number(output, looped);
    let mut cases = 0_u32;
    read(input, (&raw mut cases).addr(), 4);
    while cases > 0 {
        cases -= 1;
        for bytes in &job::INPUTS {
            read(input, bytes.0.addr(), bytes.1);
        }
        let top = machine::stack_pointer();
        let bottom = machine::end_of_statics().max(top.saturating_sub(PAINTED));
        paint(bottom, top);
        TAKEN.store(0, Relaxed);
        if job::HOOKS > 0 {
            hook();
            hook();
        }
        let ticks = machine::timed();
        write_number(output, ticks);
        write_number(output, depth(bottom, top) as u32);
        for reading in &READINGS {
            write_number(output, reading.load(Relaxed));
        }
        for at in 0..job::OUTPUTS {
            let bytes = job::output(at);
            write(output, bytes.0.addr(), bytes.1);
        }
    }
    exit(true)
}

#[panic_handler]
#[unsafe(link_section = ".probe.text.panic")]
fn panic(_: &core::panic::PanicInfo) -> ! {
    exit(false)
}
