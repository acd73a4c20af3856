//! Classifies handwritten digits on a Cortex-M4F, and reports over semihosting.
//!
//! A line a digit: `digit 4: expected 2, got 2, scores c0e1f2a3=-7.061 ..`, the exact bits of every score and its
//! value. The exit code is 1 if a score is not what ONNX Runtime computes.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

mod report;
#[path = "../../digits/samples.rs"]
mod samples;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hio};
use report::Report;
use samples::SAMPLES;

mod model {
    include!(concat!(env!("OUT_DIR"), "/digits.rs"));
}
use model::Digits;

#[entry]
fn main() -> ! {
    // `entry` makes this a `&'static mut Digits`: the model's arena is part of .bss.
    static mut MODEL: Digits = Digits::new();

    if let Some(mut core) = cortex_m::Peripherals::take() {
        core.SYST.set_clock_source(SystClkSource::Core);
        core.SYST.set_reload(TICKS);
        core.SYST.clear_current();
        core.SYST.enable_counter();
    }
    let status = match hio::hstdout() {
        Ok(stdout) if classify(MODEL, &mut Report::new(stdout)) => debug::EXIT_SUCCESS,
        _ => debug::EXIT_FAILURE,
    };
    loop {
        debug::exit(status);
    }
}

/// SysTick counts down from here to zero, and again: it has 24 bits.
const TICKS: u32 = 0xff_ffff;

/// Classifies every sample; true if all scores are as expected.
fn classify(model: &mut Digits, report: &mut Report) -> bool {
    let mut good = true;
    let mut ticks = 0;
    for (index, sample) in SAMPLES.iter().enumerate() {
        let image = sample.pixels.map(|darkness| f32::from(darkness) / 16.0);
        let start = SYST::get_current();
        let scores = model.run(&image);
        ticks = start.wrapping_sub(SYST::get_current()) & TICKS;
        report.digit(index, sample.label, best(scores), scores);
        let near = |(score, expected): (&f32, &f32)| (score - expected).abs() <= 1e-4;
        good &= scores.iter().zip(&sample.scores).all(near);
    }
    report.ticks(ticks);
    let verdict = if good { "every score is" } else { "a score is not" };
    report.text(verdict);
    report.text(" as expected\n");
    good
}

/// The digit with the highest score.
fn best(scores: &[f32; 10]) -> usize {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter().position(|&score| score == highest).unwrap_or(0)
}

/// Reached by no code of this program. It formats nothing: `core::fmt` would cost kilobytes of flash.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}
