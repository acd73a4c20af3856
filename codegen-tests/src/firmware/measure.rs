//! One row: a model on a core at an optimisation level.

use super::board::Board;
use super::elf::{self, Contents};
use super::emulator::{self, Inference};
use super::image::Image;
use super::subject::Subject;
use edgec::Machine;
use edgec::machine::Feature;
use edgec::page::Unit;
use edgec::tools::harness;
use edgec::tools::stack::{StackReport, stack};
use serde::Serialize;
use std::path::Path;

/// What a model takes on a core.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// The model.
    pub model: String,
    /// The core.
    pub core: String,
    /// The optimisation level.
    pub opt: String,
    /// Core and level, as a profile for `edgec report --profile` has it; as are target, digest and layers.
    pub on: String,
    /// SHA-256 of the model's file.
    pub sha256: String,
    /// What edgec compiled for.
    pub target: String,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Instructions of each case.
    pub instructions: Vec<u64>,
    /// Bytes of instructions in flash.
    pub code: u64,
    /// Bytes of constants in flash that are no weights.
    pub tables: u64,
    /// Bytes of weights, biases and multipliers.
    pub weights: u64,
    /// Bytes of the model's working memory.
    pub arena: usize,
    /// Bytes of the inputs, which are the caller's.
    pub buffers: usize,
    /// Most bytes of stack of any case.
    pub stack: u32,
    /// Bytes that `edgec stack` finds it to take at most.
    pub stack_bound: StackReport,
    /// Whether it computes with integers alone.
    pub integer: bool,
    /// Symbols that firmware should not need.
    pub symbols: Contents,
    /// What differs from the host executor; `None` if nothing does.
    pub differs_from_host: Option<String>,
    /// How it compares with the reference; `None` if there is none.
    pub reference: Option<Agreement>,
    /// Its kernel calls, if they were counted.
    pub layers: Vec<Layer>,
}

/// How a model's outputs compare with a reference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Numbers that differ by more than floats may, or at all if they are integers.
    pub wrong: usize,
    /// Numbers in all.
    pub of: usize,
    /// The largest difference.
    pub largest: f64,
}

/// What one kernel call takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Layer {
    /// Its name in the emitted file.
    pub name: String,
    /// The kernel.
    pub kernel: String,
    /// Shape of its output.
    pub output: Vec<usize>,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Most instructions of any case.
    #[serde(rename = "value")]
    pub instructions: u64,
    /// That they are instructions.
    pub unit: Unit,
    /// Instructions that the multiply-accumulates take at the very least.
    pub limit: Option<u64>,
}

/// Where and how images are built.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'s> {
    /// Folder of the crates and of what cargo makes of them.
    pub work: &'s Path,
    /// Flags of rustc.
    pub rustflags: &'s str,
    /// Whether the kernel calls are counted one by one.
    pub layers: bool,
}

/// Builds and runs a model on a board, at each of the levels.
///
/// # Errors
/// If it cannot be built or run.
pub fn measure(
    subject: &Subject,
    board: &'static Board,
    level: &str,
    setting: &Setting,
) -> Result<Measurement, String> {
    let image = Image::write(setting.work, subject, board, false, setting.rustflags)?;
    let program = image.build(level)?;
    let inferences = emulator::run(&image, &program, subject)?;
    let contents = elf::contents(&program)?;
    let report = &subject.compiled.report;
    let weights = report.weights as u64;
    let ports = subject.compiled.program.inputs.iter();
    Ok(Measurement {
        model: subject.name.clone(),
        core: board.name.into(),
        opt: level.into(),
        on: format!("{} in QEMU, opt-level {level}", board.name),
        sha256: report.sha256.clone(),
        target: report.target.clone(),
        macs: report.macs,
        instructions: inferences.iter().map(|inference| inference.instructions).collect(),
        code: contents.code,
        tables: contents.constants.saturating_sub(weights),
        weights,
        arena: report.ram,
        buffers: ports.map(|port| port.ty.len() * port.ty.dtype.size()).sum(),
        stack: inferences
            .iter()
            .map(|inference| inference.stack)
            .max()
            .unwrap_or_default(),
        stack_bound: bound(&program)?,
        integer: subject.is_integer(),
        symbols: contents,
        differs_from_host: difference(subject, &inferences)?,
        reference: agreement(subject, &inferences)?,
        layers: if setting.layers {
            layers(subject, board, level, setting)?
        } else {
            vec![]
        },
    })
}

/// The stack of an inference, by the instructions of the image.
fn bound(program: &Path) -> Result<StackReport, String> {
    let elf = std::fs::read(program).map_err(|e| format!("{}: {e}", program.display()))?;
    stack(&elf, Some("job::infer")).map_err(|e| e.to_string())
}

/// What each kernel call takes, counted in an image of its own: readings between calls cost and hinder the optimiser.
fn layers(subject: &Subject, board: &'static Board, level: &str, setting: &Setting) -> Result<Vec<Layer>, String> {
    let image = Image::write(setting.work, subject, board, true, setting.rustflags)?;
    let inferences = emulator::run(&image, &image.build(level)?, subject)?;
    if let Some(difference) = difference(subject, &inferences)? {
        return Err(format!("with readings between the kernel calls, {difference}"));
    }
    let calls = subject.compiled.report.calls.iter().enumerate();
    let layers = calls.map(|(i, call)| Layer {
        name: call.name.clone(),
        kernel: call.kernel.clone(),
        output: call.output.clone(),
        macs: call.macs,
        unit: Unit::Instructions,
        limit: limit(&call.kernel, call.macs, &subject.compiled.machine),
        instructions: inferences
            .iter()
            .filter_map(|inference| inference.layers.get(i))
            .copied()
            .max()
            .unwrap_or(0),
    });
    Ok(layers.collect())
}

/// The instructions that so many multiply-accumulates take if nothing else is done: as many at once as the core's
/// largest instruction of their type computes.
fn limit(kernel: &str, macs: u64, machine: &Machine) -> Option<u64> {
    let at_once = match kernel.starts_with("qlinear") || kernel.starts_with("integer") {
        true if machine.has(Feature::Mve) => 16,
        true if machine.has(Feature::Dsp) => 2,
        false if machine.has(Feature::Mve) => 4,
        _ => 1,
    };
    // Kernels for weights with zeros leave products out.
    (macs > 0 && !kernel.contains("sparse")).then(|| macs.div_ceil(at_once))
}

/// What differs from the host executor: integers in any bit, floats by more than the tolerance.
fn difference(subject: &Subject, inferences: &[Inference]) -> Result<Option<String>, String> {
    for (case, (inference, expected)) in inferences.iter().zip(&subject.expected).enumerate() {
        let ports = subject.compiled.program.outputs.iter();
        for (port, (got, expected)) in ports.zip(inference.outputs.iter().zip(expected)) {
            let comparison = harness::compare(got, expected, subject.tolerance);
            if let Some(first) = comparison.first {
                return Ok(Some(format!(
                    "output `{}` of case {case} differs from the host's: {first}",
                    port.name
                )));
            }
        }
    }
    Ok(None)
}

fn agreement(subject: &Subject, inferences: &[Inference]) -> Result<Option<Agreement>, String> {
    if subject.cases.is_empty() {
        return Ok(None);
    }
    let program = &subject.compiled.program;
    let outputs: Vec<_> = inferences.iter().map(|inference| inference.outputs.clone()).collect();
    let results =
        harness::check(program, &subject.cases, &outputs, |_| subject.tolerance).map_err(|e| e.to_string())?;
    let mut agreement = Agreement {
        wrong: 0,
        of: 0,
        largest: 0.0,
    };
    for (_, comparison) in results {
        agreement.wrong += comparison.wrong;
        agreement.of += comparison.elements;
        agreement.largest = agreement.largest.max(comparison.absolute);
    }
    Ok(Some(agreement))
}

impl Measurement {
    /// Instructions of the case that takes most.
    pub fn most_instructions(&self) -> u64 {
        self.instructions.iter().copied().max().unwrap_or_default()
    }

    /// What is wrong with it: results that differ from the host's, and in an integer model what firmware may not hold.
    pub fn problems(&self) -> Vec<String> {
        let row = format!("{} on {} at {}", self.model, self.core, self.opt);
        let mut problems: Vec<_> = self
            .differs_from_host
            .iter()
            .map(|text| format!("{row}: {text}"))
            .collect();
        let bound = &self.stack_bound;
        let reasons = bound.unbounded.iter();
        problems.extend(reasons.map(|reason| format!("{row}: its stack has no bound: {reason}")));
        if bound.bytes < self.stack.into() {
            problems.push(format!(
                "{row}: it took {} bytes of stack, more than the bound {}",
                self.stack, bound.bytes
            ));
        }
        if self.integer {
            let forbidden = self.symbols.forbidden();
            problems.extend(forbidden.iter().map(|(kind, symbol)| format!("{row} {kind}: {symbol}")));
        } else if let Some(agreement) = self.reference.as_ref().filter(|agreement| agreement.wrong > 0) {
            let Agreement { wrong, of, largest } = agreement;
            problems.push(format!(
                "{row}: {wrong} of {of} numbers differ from the reference, by up to {largest:e}"
            ));
        }
        problems
    }
}
