//! Cortex-M, with SysTick for a clock and semihosting for output.

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_semihosting::{debug, hio};

pub(crate) use super::stack::used as stack_used;
pub(crate) use cortex_m_semihosting::hio::HostStream as Host;

/// SysTick counts down from here to zero, and again: it has 24 bits.
const TICKS: u32 = 0xff_ffff;

// Fills fast memory before the program starts.
#[allow(unsafe_code)]
mod fast {
    core::arch::global_asm!(include_str!("fast.s"), options(raw));
}

/// Starts the clock.
pub(crate) fn start_clock() {
    if let Some(mut core) = cortex_m::Peripherals::take() {
        core.SYST.set_clock_source(SystClkSource::Core);
        core.SYST.set_reload(TICKS);
        core.SYST.clear_current();
        core.SYST.enable_counter();
    }
}

/// A reading of the clock.
pub(crate) fn now() -> u32 {
    SYST::get_current()
}

/// Ticks since a reading.
pub(crate) fn since(start: u32) -> u32 {
    start.wrapping_sub(SYST::get_current()) & TICKS
}

/// Where text goes.
pub(crate) fn host() -> Option<Host> {
    hio::hstdout().ok()
}

/// Ends with exit code 0 or 1.
pub(crate) fn exit(good: bool) -> ! {
    loop {
        debug::exit(if good { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    }
}
