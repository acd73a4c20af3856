//! Classifies handwritten digits that the model has not seen in training.
//!
//! `digits` shows every sample, `digits 7` the sample with that index. `digits --board FILE` compares what the
//! firmware example printed with this machine. The exit code is 1 if a score is not what it should be.

mod board;
mod picture;
#[path = "../samples.rs"]
mod samples;

use samples::{SAMPLES, Sample};
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[allow(unreachable_pub)]
mod model {
    include!(concat!(env!("OUT_DIR"), "/digits.rs"));
}
use model::Digits;

fn main() -> ExitCode {
    let mut model = Digits::new();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [] => show(&mut model, 0..SAMPLES.len()),
        ["--board", file] => board::compare(&mut model, file),
        [index] => match index.parse() {
            Ok(index) if index < SAMPLES.len() => show(&mut model, index..index + 1),
            _ => Err(format!(
                "`{index}` is no sample: they go from 0 to {}",
                SAMPLES.len() - 1
            )),
        },
        _ => Err(String::from("usage: digits [INDEX | --board FILE]")),
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
    for index in indices {
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
    Ok(())
}

/// The model's input.
fn image(sample: &Sample) -> [f32; 64] {
    sample.pixels.map(|darkness| f32::from(darkness) / 16.0)
}

/// The digit with the highest score.
fn best(scores: &[f32; 10]) -> usize {
    (0..10).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0)
}

/// The first digit whose score is further from the expected one than rounding explains, or NaN.
fn first_difference(scores: &[f32; 10], expected: &[f32; 10]) -> Option<usize> {
    let near = |i: usize| (scores[i] - expected[i]).abs() <= 1e-4;
    (0..10).find(|&i| !near(i))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
