//! What the programs need beside their model: a clock, a report over semihosting, the depth of the stack, a ring of
//! samples, and messages of parameters.
#![no_std]
#![deny(unsafe_code)]

mod machine;
pub mod message;
mod report;
mod ring;
pub mod slots;

pub use machine::Once;
pub use report::Report;
pub use ring::Ring;

/// Runs `program` with the clock started, adds what its stack took, and ends with exit code 0 if it says so.
pub fn run(program: impl FnOnce(&mut Report) -> bool) -> ! {
    machine::start_clock();
    let mut good = false;
    if let Some(stdout) = machine::host() {
        let mut report = Report::new(stdout);
        good = program(&mut report);
        report.stack(machine::stack_used());
    }
    machine::exit(good)
}

/// Ticks of the core clock that `work` takes, and what it gives.
pub fn timed<T>(work: impl FnOnce() -> T) -> (u32, T) {
    let start = machine::now();
    let result = work();
    (machine::since(start), result)
}

/// Reached by no code of these programs. It formats nothing: `core::fmt` would cost kilobytes of flash.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    machine::exit(false)
}
