//! Classifies handwritten digits that the model has not seen in training.
//!
//! `digits` shows every sample, `digits 7` the sample with that index. `digits --board FILE` compares what the
//! firmware example printed with this machine, `--board-int8` what its quantised model did. The exit code is 1 if a
//! score is not what it should be.

mod board;
mod images;
mod picture;
#[path = "../samples.rs"]
mod samples;

use images::IMAGES;
use samples::{SAMPLES, Sample};
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[allow(unreachable_pub)]
mod model {
    include!(concat!(env!("OUT_DIR"), "/digits.rs"));
}
use model::Digits;

#[allow(unreachable_pub)]
mod int8 {
    include!(concat!(env!("OUT_DIR"), "/digits_int8.rs"));
}
use int8::DigitsInt8;

fn main() -> ExitCode {
    let mut model = Digits::new();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [] => show(&mut model, 0..SAMPLES.len()),
        ["--board", file] => board::compare(&mut model, file),
        ["--board-int8", file] => board::compare_int8(&mut DigitsInt8::new(), file),
        [index] => match index.parse() {
            Ok(index) if index < SAMPLES.len() => show(&mut model, index..index + 1),
            _ => Err(format!(
                "`{index}` is no sample: they go from 0 to {}",
                SAMPLES.len() - 1
            )),
        },
        _ => Err(String::from("usage: digits [INDEX | --board FILE | --board-int8 FILE]")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn show(model: &mut Digits, indices: std::ops::Range<usize>) -> Result<(), String> {
    let (count, mut right, mut total) = (indices.len(), 0, Duration::ZERO);
    for index in indices.clone() {
        let sample = &SAMPLES[index];
        let start = Instant::now();
        let scores = model.run(&image(sample));
        let time = start.elapsed();
        total += time;

        let guess = best(scores);
        right += usize::from(guess == sample.label);
        let verdict = if guess == sample.label { "right" } else { "wrong" };
        println!("sample {index}: a {}\n", sample.label);
        picture::print(&sample.pixels, scores, guess);
        println!("\n{verdict}: {guess}, in {:.1} µs\n", micros(time));
        if let Some(digit) = first_difference(scores, &sample.scores) {
            return Err(format!(
                "sample {index}: the score of {digit} is {}, but ONNX Runtime says {}",
                scores[digit], sample.scores[digit]
            ));
        }
    }
    let each = micros(total) / count as f64;
    println!("{right} of {count} right, {each:.1} µs each; every score is what ONNX Runtime says");
    show_int8(indices);
    Ok(())
}

/// The same digits with the quantised model.
fn show_int8(indices: std::ops::Range<usize>) {
    let mut model = DigitsInt8::new();
    let (count, mut right, mut worst) = (indices.len(), 0, 0);
    let start = Instant::now();
    for image in &IMAGES[indices] {
        let scores = model.run(&image.pixels);
        right += usize::from(best_int8(scores) == image.label);
        let steps = scores
            .iter()
            .zip(&image.scores)
            .map(|(score, expected)| score.abs_diff(*expected));
        worst = steps.fold(worst, u8::max);
    }
    let each = micros(start.elapsed()) / count as f64;
    println!(
        "in 8-bit integers: {right} of {count} right, {each:.1} µs each; scores differ by up to {:.3}",
        f32::from(worst) * DigitsInt8::SCORES_SCALE
    );
}

/// The model's input.
fn image(sample: &Sample) -> [f32; 64] {
    sample.pixels.map(|darkness| f32::from(darkness) / 16.0)
}

/// The digit with the highest score.
fn best(scores: &[f32; 10]) -> usize {
    (0..10).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0)
}

/// [`best`] of integers.
fn best_int8(scores: &[i8; 10]) -> usize {
    (0..10).rev().max_by_key(|&digit| scores[digit]).unwrap_or(0)
}

/// The first digit whose score is further from the expected one than rounding explains, or NaN.
fn first_difference(scores: &[f32; 10], expected: &[f32; 10]) -> Option<usize> {
    let near = |i: usize| (scores[i] - expected[i]).abs() <= 1e-4;
    (0..10).find(|&i| !near(i))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
