//! Compares the firmware's output with this machine's.

use crate::images::IMAGES;
use crate::int8::DigitsInt8;
use crate::model::Digits;
use crate::samples::SAMPLES;
use crate::{best, best_int8, first_difference, image};

/// Reads the lines `digit I: expected E, got G, scores BITS=VALUE ..` that the firmware printed into `file`: it must
/// have classified every sample like this machine, with the same scores up to rounding (a Cortex-M4F multiplies and
/// adds in two roundings, this machine perhaps in one).
pub(crate) fn compare(model: &mut Digits, file: &str) -> Result<(), String> {
    let lines = read(file)?;
    let (mut same, mut worst) = (0, 0f32);
    for (index, (line, sample)) in lines.iter().zip(&SAMPLES).enumerate() {
        let board = parse(line).ok_or_else(|| format!("{file}: cannot read `{line}`"))?;
        let here = model.run(&image(sample));
        if let Some(digit) = first_difference(&board, here) {
            return Err(format!(
                "digit {index}: the board's score of {digit} is {}, here it is {}",
                board[digit], here[digit]
            ));
        }
        let start = format!("digit {index}: expected {}, got {}, ", sample.label, best(here));
        if !line.starts_with(&start) {
            return Err(format!("the board says `{line}`, here it is `{start}..`"));
        }
        same += board
            .iter()
            .zip(here)
            .filter(|(board, here)| board.to_bits() == here.to_bits())
            .count();
        worst = board
            .iter()
            .zip(here)
            .fold(worst, |worst, (board, here)| worst.max((board - here).abs()));
    }
    println!(
        "The board and this machine agree on {} digits: {same} of {} scores are the same bits, the largest difference \
         is {worst:e}",
        lines.len(),
        10 * lines.len()
    );
    Ok(())
}

/// Reads the lines `digit I: expected E, got G, integers I0 I1 ..` that the quantised firmware printed into `file`:
/// every integer must be this machine's.
pub(crate) fn compare_int8(model: &mut DigitsInt8, file: &str) -> Result<(), String> {
    let lines = read(file)?;
    for (index, (line, image)) in lines.iter().zip(&IMAGES).enumerate() {
        let here = model.run(&image.pixels);
        let got = best_int8(here);
        let integers = here.map(|score| score.to_string()).join(" ");
        let here = format!(
            "digit {index}: expected {}, got {got}, integers {integers}",
            image.label
        );
        if *line != here {
            return Err(format!("the board says `{line}`, here it is `{here}`"));
        }
    }
    let count = lines.len();
    println!(
        "The board and this machine agree on {count} digits: all {} integers are the same",
        10 * count
    );
    Ok(())
}

/// The lines of the digits, one of each.
fn read(file: &str) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("digit "))
        .map(str::to_owned)
        .collect();
    if lines.len() == SAMPLES.len() {
        Ok(lines)
    } else {
        Err(format!("{file}: {} digits, expected {}", lines.len(), SAMPLES.len()))
    }
}

/// The ten scores of a line, from their bits.
fn parse(line: &str) -> Option<[f32; 10]> {
    let (_, scores) = line.split_once("scores ")?;
    let bits = |score: &str| u32::from_str_radix(score.split_once('=')?.0, 16).ok();
    let scores: Option<Vec<f32>> = scores.split(' ').map(|score| bits(score).map(f32::from_bits)).collect();
    scores?.try_into().ok()
}
