//! Verifies signed weights in flash on any Cortex-M, and classifies handwritten digits with them where they are.
//!
//! Says what the verification takes; the exit code is 1 if the weights are refused, if changed ones are not, or if a
//! digit is not read right. See docs/updates.md.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

#[path = "../../../digits/src/images.rs"]
mod images;
#[path = "../../../digits/samples.rs"]
mod samples;

use cortex_m_rt::entry;
use firmware::{Report, timed};
use images::IMAGES;

mod int8 {
    include!(concat!(env!("OUT_DIR"), "/digits_updatable.rs"));
}
use int8::{DigitsInt8, DigitsInt8Weights};

include!(concat!(env!("OUT_DIR"), "/public_key.rs"));

/// As flash is: at an address that is a multiple of 8.
#[repr(align(8))]
struct Aligned<T: ?Sized>(T);

/// What a slot of flash holds. A product would have it beside its program, not in it.
static SLOT: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/digits_1.weights")));

#[entry]
fn main() -> ! {
    static mut MODEL: DigitsInt8 = DigitsInt8::new();
    firmware::run(|report| verify(MODEL, report))
}

/// True if the weights are taken, older ones are not, and every digit is what was written.
fn verify(model: &mut DigitsInt8, report: &mut Report) -> bool {
    let (ticks, verified) = timed(|| DigitsInt8Weights::verify(&SLOT.0, &PUBLIC_KEY, 1));
    report.ticks("one verification", ticks);
    let Ok(weights) = verified else {
        report.text("the weights are refused\n");
        return false;
    };
    let right = IMAGES
        .iter()
        .all(|image| best(model.run(&weights, &image.pixels)) == image.label);
    report.text(if right {
        "every digit is right\n"
    } else {
        "a digit is not right\n"
    });
    right && DigitsInt8Weights::verify(&SLOT.0, &PUBLIC_KEY, 2).is_err()
}

/// The digit with the highest score.
fn best(scores: &[i8; 10]) -> usize {
    let highest = scores.iter().copied().fold(i8::MIN, i8::max);
    scores.iter().position(|&score| score == highest).unwrap_or(0)
}
