//! Learns to read digits that are upside down, on a Cortex-M4F: the last layer is trained on the device.
//!
//! Says how many digits it reads before and after, and what a step of training takes. The exit code is 1 if it does
//! not begin with the scores of the file's parameters, or has not learned. See docs/training.md.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

#[path = "../../../digits/samples.rs"]
mod samples;

use cortex_m_rt::entry;
use firmware::{Report, timed};
use samples::{SAMPLES, Sample};

mod model {
    include!(concat!(env!("OUT_DIR"), "/digits_trained.rs"));
}
use model::DigitsTrained;

/// How often each digit is shown.
const EPOCHS: usize = 10;
const LEARNING_RATE: f32 = 0.02;

#[entry]
fn main() -> ! {
    // `entry` makes this a `&'static mut DigitsTrained`: parameters and arena are part of .bss.
    static mut MODEL: DigitsTrained = DigitsTrained::new();
    firmware::run(|report| adapt(MODEL, report))
}

/// Trains; true if the scores before are those of the file's parameters, and it has learned to read most digits.
fn adapt(model: &mut DigitsTrained, report: &mut Report) -> bool {
    let begins_right = SAMPLES.iter().all(|sample| {
        let scores = model.run(&upright(sample));
        let near = |(score, expected): (&f32, &f32)| (score - expected).abs() <= 1e-4;
        scores.iter().zip(&sample.scores).all(near)
    });
    let before = right(model);
    let mut ticks = 0;
    for _ in 0..EPOCHS {
        for sample in &SAMPLES {
            let (image, label) = (upside_down(sample), [sample.label as i32]);
            (ticks, _) = timed(|| model.train_step(&image, &label, LEARNING_RATE));
        }
    }
    let after = right(model);
    report.text("upside down, it reads ");
    report.integer(before);
    report.text(" digits of 20 before training, and ");
    report.integer(after);
    report.text(" after ");
    report.integer((EPOCHS * SAMPLES.len()) as i32);
    report.text(" steps\n");
    report.ticks("one step of training", ticks);
    begins_right && after >= 18
}

/// Digits that are read right.
fn right(model: &mut DigitsTrained) -> i32 {
    let is_right = |sample: &&Sample| best(model.run(&upside_down(sample))) == sample.label;
    SAMPLES.iter().filter(is_right).count() as i32
}

fn upright(sample: &Sample) -> [f32; 64] {
    sample.pixels.map(|darkness| f32::from(darkness) / 16.0)
}

fn upside_down(sample: &Sample) -> [f32; 64] {
    let mut image = upright(sample);
    image.reverse();
    image
}

/// The digit with the highest score.
fn best(scores: &[f32; 10]) -> usize {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter().position(|&score| score == highest).unwrap_or(0)
}
