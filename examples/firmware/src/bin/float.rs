//! Classifies handwritten digits on a Cortex-M4F, and reports over semihosting.
//!
//! A line a digit: `digit 4: expected 2, got 2, scores c0e1f2a3=-7.061 ..`, the exact bits of every score and its
//! value. The exit code is 1 if the self-test fails, or if a score is not what ONNX Runtime computes.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

#[path = "../../../digits/samples.rs"]
mod samples;

use cortex_m_rt::entry;
use firmware::{Report, timed};
use samples::SAMPLES;

mod model {
    include!(concat!(env!("OUT_DIR"), "/digits.rs"));
}
use model::Digits;

#[entry]
fn main() -> ! {
    // `entry` makes this a `&'static mut Digits`: the model's arena is part of .bss.
    static mut MODEL: Digits = Digits::new();
    firmware::run(|report| tests_itself(MODEL, report) && classify(MODEL, report))
}

/// Whether the model computes here what it computed where it was compiled.
fn tests_itself(model: &mut Digits, report: &mut Report) -> bool {
    let passed = model.self_test().is_ok();
    report.text(if passed {
        "the self-test passes\n"
    } else {
        "the self-test fails\n"
    });
    passed
}

/// Classifies every sample; true if all scores are as expected.
fn classify(model: &mut Digits, report: &mut Report) -> bool {
    let mut good = true;
    let mut ticks = 0;
    for (index, sample) in SAMPLES.iter().enumerate() {
        let image = sample.pixels.map(|darkness| f32::from(darkness) / 16.0);
        let scores;
        (ticks, scores) = timed(|| model.run(&image));
        report.digit(index, sample.label, best(scores));
        report.text(", scores");
        for &score in scores {
            report.text(" ");
            report.bits(score);
            report.text("=");
            report.thousandths(score);
        }
        report.text("\n");
        let near = |(score, expected): (&f32, &f32)| (score - expected).abs() <= 1e-4;
        good &= scores.iter().zip(&sample.scores).all(near);
    }
    report.ticks("one inference", ticks);
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
