//! Whether a compiled model fits the memory that its machine has for it.

use super::report::{PortReport, Report, TensorReport, grouped};
use crate::error::Error;
use crate::ir::DType;
use crate::ir::program::{Buffer, Call, Program, Storage, View};
use crate::machine::{Favour, Machine, Overlapping};
use std::fmt::Write;

/// Layers that an error lists as those with the most weights.
const SHOWN: usize = 5;

/// Checks the budgets of the machine. RAM is that of the arena, which the outputs are in, and of the caller's inputs;
/// flash is that of constant tensors. Stack and code are known only when rustc has built the program. `least` is the
/// RAM for which a way was found to compute layers by rows or in tiles, where none was for the budget.
///
/// # Errors
/// For all budgets that are exceeded: by what, and what would help.
pub fn check(program: &Program, report: &Report, machine: &Machine, least: Option<usize>) -> Result<(), Error> {
    let (mut message, mut help) = (vec![], vec![]);
    if let Some(budget) = machine.ram.filter(|budget| report.ram + report.input_bytes > *budget) {
        let peak = Peak::of(report);
        message.push(format!(
            "the model takes {} B of RAM and may take {} B: {} B of arena and {} B of inputs, the stack apart{}",
            grouped((report.ram + report.input_bytes) as u64),
            grouped(budget as u64),
            grouped(report.ram as u64),
            grouped(report.input_bytes as u64),
            peak.text(report),
        ));
        help.extend(peak.advice(program, report, machine, least));
    }
    if let Some(budget) = machine.flash.filter(|budget| report.weights > *budget) {
        message.push(format!(
            "the model takes {} B of flash for its weights alone and may take {} B{}",
            grouped(report.weights as u64),
            grouped(budget as u64),
            heaviest(report),
        ));
        help.extend(flash_advice(program, machine));
    }
    if message.is_empty() {
        return Ok(());
    }
    Err(Error::Budget {
        message: message.join("\n"),
        help: help.join("\n"),
    })
}

/// The step in which the most of the arena is in use.
struct Peak<'a> {
    step: usize,
    /// What is kept then, the largest first.
    kept: Vec<&'a TensorReport>,
}

impl<'a> Peak<'a> {
    fn of(report: &'a Report) -> Self {
        let (step, _) = report.fullest();
        Self {
            step,
            kept: report.kept(step),
        }
    }

    /// What is kept at the peak, a line for each.
    fn text(&self, report: &Report) -> String {
        let mut text = match report.calls.get(self.step) {
            Some(call) => format!("\n  the arena is fullest when `{}` runs, with", call.name),
            None => "\n  the arena is fullest at the end, with".to_owned(),
        };
        for kept in &self.kept {
            let _ = write!(
                text,
                "\n  {:>12} B  {}",
                grouped(kept.bytes as u64),
                report.tensor_name(kept)
            );
        }
        text
    }

    /// What would make it smaller.
    fn advice(&self, program: &Program, report: &Report, machine: &Machine, least: Option<usize>) -> Vec<String> {
        let ways = match machine.overlap {
            Overlapping::Never => "in tiles",
            Overlapping::IfNeeded | Overlapping::Always => "by rows or in tiles",
        };
        let mut advice = vec![match least {
            _ if program.training.is_some() || !program.repetitions.is_empty() => {
                "models with --trainable or --max-trips do not run in tiles, which would save memory".to_owned()
            }
            Some(least) => format!("--ram {least} is enough, with layers {ways}"),
            None => format!("no layers were found that save memory {ways}"),
        }];
        if machine.overlap == Overlapping::Never {
            advice.push("without --overlap never, layers may overwrite their input".to_owned());
        }
        let mut add = |text: &str| advice.push(text.to_owned());
        let copies_an_input = |call: &Call| {
            let reads_an_input = |view: &View| matches!(program.buffer(view.buffer).storage, Storage::Input(_));
            call.kernel.name() == "strided" && call.inputs.iter().any(reads_an_input)
        };
        // Not only at the peak: with tiles, the copy may be what is left.
        if program.calls.iter().any(copies_an_input) {
            add("--input-layout nhwc spares the copy of an image that is given channels-first");
        }
        let any_of = |dtype: &str| self.kept.iter().any(|kept| kept.dtype == dtype);
        if any_of("f32") {
            add("--quantize int8 takes a quarter of the bytes of floats");
        } else if any_of("i16") {
            add("--quantize int8 takes half of the bytes of 16-bit numbers");
        }
        let floats = |port: &PortReport| port.dtype == "f32";
        if report.inputs.iter().any(floats) && any_of("i8") {
            add("--io int8 takes inputs as integers, with a quarter of the bytes");
        }
        add("smaller inputs (--shape) make every tensor smaller, if the model allows them");
        advice
    }
}

/// The layers with the most weights, a line for each.
fn heaviest(report: &Report) -> String {
    let mut calls: Vec<_> = report.calls.iter().filter(|call| call.weights > 0).collect();
    calls.sort_by_key(|call| (usize::MAX - call.weights, call.number));
    let mut text = "\n  the most are those of".to_owned();
    for call in calls.iter().take(SHOWN) {
        let _ = write!(text, "\n  {:>12} B  `{}`", grouped(call.weights as u64), call.name);
    }
    text
}

/// What would make the weights smaller.
fn flash_advice(program: &Program, machine: &Machine) -> Vec<String> {
    let constants = program
        .buffers
        .iter()
        .filter(|buffer| matches!(buffer.storage, Storage::Constant(_)));
    let floats: usize = constants
        .filter(|buffer| buffer.dtype == DType::F32)
        .map(Buffer::bytes)
        .sum();
    let mut advice = vec![];
    if floats > program.weight_bytes() / 2 {
        advice.push("--quantize int8 takes a quarter of the bytes of float weights, --quantize f16 half");
    } else {
        advice.push("--quantize w4 takes half of the bytes of 8-bit weights, from the model in floats");
    }
    if machine.favour == Favour::Speed {
        advice.push("--favour flash chooses the smaller way to store weights where there are several");
    }
    advice.into_iter().map(str::to_owned).collect()
}
