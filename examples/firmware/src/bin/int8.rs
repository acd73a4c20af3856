//! Classifies handwritten digits with the quantised model on any Cortex-M, and reports over semihosting.
//!
//! A line a digit: `digit 4: expected 2, got 2, integers -61 -12 ..`, every score as the model gives it. There are no
//! floats in this program: images are integers before it starts, and scores are compared as integers.
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
    include!(concat!(env!("OUT_DIR"), "/digits_int8.rs"));
}
use int8::DigitsInt8;

#[entry]
fn main() -> ! {
    // `entry` makes this a `&'static mut DigitsInt8`: the model's arena is part of .bss.
    static mut MODEL: DigitsInt8 = DigitsInt8::new();
    firmware::run(|report| tests_itself(MODEL, report) && classify(MODEL, report))
}

/// Whether the model computes here what it computed where it was compiled.
fn tests_itself(model: &mut DigitsInt8, report: &mut Report) -> bool {
    let passed = model.self_test().is_ok();
    report.text(if passed {
        "the self-test passes\n"
    } else {
        "the self-test fails\n"
    });
    passed
}

/// Classifies every sample; true if every digit is what was written.
fn classify(model: &mut DigitsInt8, report: &mut Report) -> bool {
    let mut right = true;
    let (mut ticks, mut worst) = (0, 0);
    for (index, image) in IMAGES.iter().enumerate() {
        let scores;
        (ticks, scores) = timed(|| model.run(&image.pixels));
        let guess = best(scores);
        right &= guess == image.label;
        report.digit(index, image.label, guess);
        report.text(", integers");
        for (&score, &expected) in scores.iter().zip(&image.scores) {
            report.text(" ");
            report.integer(score.into());
            worst = worst.max(score.abs_diff(expected));
        }
        report.text("\n");
    }
    report.ticks("one inference", ticks);
    let verdict = if right { "every digit is" } else { "a digit is not" };
    report.text(verdict);
    report.text(" right, and no score is further from the one in floats than ");
    report.integer(worst.into());
    report.text(" steps\n");
    right
}

/// The digit with the highest score.
fn best(scores: &[i8; 10]) -> usize {
    let highest = scores.iter().copied().fold(i8::MIN, i8::max);
    scores.iter().position(|&score| score == highest).unwrap_or(0)
}
