//! What both programs need beside their model: a clock, a report over semihosting, and the depth of the stack.
#![no_std]
#![deny(unsafe_code)]

mod report;
pub mod slots;
mod stack;

pub use report::Report;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_semihosting::{debug, hio};

/// SysTick counts down from here to zero, and again: it has 24 bits.
const TICKS: u32 = 0xff_ffff;

/// Runs `program` with the clock started, adds what its stack took, and ends with exit code 0 if it says so.
pub fn run(program: impl FnOnce(&mut Report) -> bool) -> ! {
    if let Some(mut core) = cortex_m::Peripherals::take() {
        core.SYST.set_clock_source(SystClkSource::Core);
        core.SYST.set_reload(TICKS);
        core.SYST.clear_current();
        core.SYST.enable_counter();
    }
    let mut status = debug::EXIT_FAILURE;
    if let Ok(stdout) = hio::hstdout() {
        let mut report = Report::new(stdout);
        if program(&mut report) {
            status = debug::EXIT_SUCCESS;
        }
        report.stack(stack::used());
    }
    loop {
        debug::exit(status);
    }
}

/// Ticks of the core clock that `work` takes, and what it gives.
pub fn timed<T>(work: impl FnOnce() -> T) -> (u32, T) {
    let start = SYST::get_current();
    let result = work();
    (start.wrapping_sub(SYST::get_current()) & TICKS, result)
}

/// Reached by no code of these programs. It formats nothing: `core::fmt` would cost kilobytes of flash.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}
