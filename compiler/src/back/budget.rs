//! Whether a compiled model fits the memory that its machine has for it.

use super::plan::Plan;
use super::report::{PortReport, Report, dims, grouped};
use crate::error::Error;
use crate::ir::DType;
use crate::ir::program::{Buffer, BufferId, Call, Program, Storage, View};
use crate::machine::{Favour, Machine};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Layers that an error lists as those with the most weights.
const SHOWN: usize = 5;

/// Checks the budgets of the machine. RAM is that of the arena, which the outputs are in, and of the caller's inputs;
/// flash is that of constant tensors. Stack and code are known only when rustc has built the program.
///
/// # Errors
/// For all budgets that are exceeded: by what, and what would help.
pub fn check(program: &Program, plan: &Plan, report: &Report, machine: &Machine) -> Result<(), Error> {
    let (mut message, mut help) = (vec![], vec![]);
    if let Some(budget) = machine.ram.filter(|budget| report.ram + report.input_bytes > *budget) {
        let peak = Peak::of(program, plan, report);
        message.push(format!(
            "the model takes {} B of RAM and may take {} B: {} B of arena and {} B of inputs, the stack apart{}",
            grouped((report.ram + report.input_bytes) as u64),
            grouped(budget as u64),
            grouped(report.ram as u64),
            grouped(report.input_bytes as u64),
            peak.text(report),
        ));
        help.extend(peak.advice(program, report));
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
struct Peak {
    step: usize,
    /// What is kept then, the largest first.
    kept: Vec<Kept>,
}

/// A buffer of the arena, and the number of the call that writes it first; none for a state.
struct Kept {
    buffer: BufferId,
    writer: Option<usize>,
    bytes: usize,
    /// What it is called.
    name: String,
}

impl Peak {
    fn of(program: &Program, plan: &Plan, report: &Report) -> Self {
        let steps = (0..=plan.order.len()).map(|step| (step, kept(program, plan, report, step)));
        let (step, mut kept) = steps
            .max_by_key(|(step, kept)| (kept.iter().map(|kept| kept.bytes).sum::<usize>(), usize::MAX - step))
            .unwrap_or_default();
        kept.sort_by_key(|kept| (usize::MAX - kept.bytes, kept.writer));
        Self { step, kept }
    }

    /// What is kept at the peak, a line for each.
    fn text(&self, report: &Report) -> String {
        let mut text = match report.calls.get(self.step) {
            Some(call) => format!("\n  the arena is fullest when `{}` runs, with", call.name),
            None => "\n  the arena is fullest at the end, with".to_owned(),
        };
        for kept in &self.kept {
            let _ = write!(text, "\n  {:>12} B  {}", grouped(kept.bytes as u64), kept.name);
        }
        text
    }

    /// What would make it smaller.
    fn advice(&self, program: &Program, report: &Report) -> Vec<String> {
        let mut advice = vec![];
        let copies_an_input = |call: &Call| {
            let reads_an_input = |view: &View| matches!(program.buffer(view.buffer).storage, Storage::Input(_));
            call.kernel.name() == "strided" && call.inputs.iter().any(reads_an_input)
        };
        let written_by = |kept: &Kept| {
            program
                .calls
                .iter()
                .find(|call| call.outputs.iter().any(|y| y.buffer == kept.buffer))
        };
        if self.kept.iter().filter_map(written_by).any(copies_an_input) {
            advice.push("--input-layout nhwc spares the copy of an image that is given channels-first");
        }
        let any_of = |dtype| self.kept.iter().any(|kept| program.buffer(kept.buffer).dtype == dtype);
        if any_of(DType::F32) {
            advice.push("--quantize int8 takes a quarter of the bytes of floats");
        } else if any_of(DType::I16) {
            advice.push("--quantize int8 takes half of the bytes of 16-bit numbers");
        }
        let floats = |port: &PortReport| port.dtype == "f32";
        if report.inputs.iter().any(floats) && any_of(DType::I8) {
            advice.push("--io int8 takes inputs as integers, with a quarter of the bytes");
        }
        advice.push("smaller inputs (--shape) make every tensor smaller, if the model allows them");
        advice.into_iter().map(str::to_owned).collect()
    }
}

/// The buffers that hold something in a step. Of those that share a place the last one counts.
fn kept(program: &Program, plan: &Plan, report: &Report, step: usize) -> Vec<Kept> {
    let mut places: BTreeMap<usize, Kept> = BTreeMap::new();
    for (number, index) in plan.order.iter().enumerate() {
        let call = &program.calls[*index];
        for (place, view) in call.outputs.iter().enumerate() {
            let (buffer, id) = (program.buffer(view.buffer), view.buffer);
            let (Some(life), Some(offset)) = (plan.lifetimes[id.0], plan.offsets[id.0]) else {
                continue;
            };
            if life.first > step || life.last < step {
                continue;
            }
            let written = &report.calls[number];
            let name = match (place, buffer.role) {
                (0, _) => format!("`{}`, {} {}", written.name, buffer.dtype, dims(&written.output)),
                (_, Some(role)) => format!("{role} of `{}`", written.name),
                (_, None) => format!("output {place} of `{}`", written.name),
            };
            let kept = Kept {
                buffer: id,
                writer: (buffer.storage != Storage::State).then_some(number),
                bytes: buffer.bytes(),
                name,
            };
            places.insert(offset, kept);
        }
    }
    places.into_values().collect()
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
