//! What a compiled model is and costs, as data: the one place where these figures are put together. The summary that
//! the command prints, its JSON, `inspect`, and the table in the emitted file are views of it.

mod call;
mod fast_weights;
mod names;
mod nodes;
mod port;
mod stream;
mod tensors;
mod text;

pub use call::{CallReport, ChoiceReport};
pub use fast_weights::{FastReport, FastTensor};
pub(in crate::back) use nodes::distinctive;
pub use port::PortReport;
pub use stream::{StreamInputReport, StreamOutputReport, StreamReport};
pub use tensors::TensorReport;
pub(crate) use text::{dims, grouped};

use crate::back::plan::Plan;
use crate::back::sections::FastWeights;
use crate::ir::program::{Cores, Program, Training};
use crate::ir::{Remark, RemarkKind};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where a program comes from and what it is for: what program and plan do not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// SHA-256 of the model's file, in hexadecimal digits.
    pub sha256: String,
    /// Version of ONNX's own operators that the model imports.
    pub opset: i64,
    /// What the code is for.
    pub target: String,
    /// Bytes of RAM for arena and inputs, if there is a limit.
    pub ram_budget: Option<usize>,
    /// Bytes of flash for constant tensors, if there is a limit.
    pub flash_budget: Option<usize>,
    /// Fast memory for weights, if there is some.
    pub fast_weights: Option<FastWeights>,
    /// Bytes that a constant inside the source is aligned to, which `runtime_core::Weights` says.
    pub alignment: usize,
    /// Bytes of the arena if layers overwrote their input row by row, if that is less.
    pub ram_by_rows: Option<usize>,
    /// What the user should know of how it was compiled.
    pub remarks: Vec<Remark>,
}

/// What a compiled model is and costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the model.
    pub model: String,
    /// SHA-256 of the model's file, without external data.
    pub sha256: String,
    /// Version of ONNX's own operators that the model imports.
    pub opset: i64,
    /// What the code is for.
    pub target: String,
    /// Kernel calls, by kernel.
    pub kernels: BTreeMap<String, usize>,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Bytes of the arena. The stack is apart.
    pub ram: usize,
    /// Bytes of the caller's inputs, which are outside of the arena. Outputs are inside.
    pub input_bytes: usize,
    /// Bytes of RAM for arena and inputs, if there is a limit.
    pub ram_budget: Option<usize>,
    /// Bytes of flash for constant tensors, if there is a limit.
    pub flash_budget: Option<usize>,
    /// What takes more than the budgets allow, and what would help: only where that was not to be an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_budget: Option<[String; 2]>,
    /// What any memory plan for this order of calls needs at least, in bytes.
    pub ram_lower_bound: usize,
    /// Whether no placement for this order of calls needs less.
    pub ram_is_least: bool,
    /// What any memory plan needs at least, whatever the order of calls, in bytes; `None` where the calls are too many
    /// to look through their orders.
    pub ram_any_order: Option<usize>,
    /// Bytes of the arena if layers overwrote their input row by row, if that was looked for and is much less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ram_by_rows: Option<usize>,
    /// Bytes of constant tensors, those of the self-test included.
    pub weights: usize,
    /// The weights that are read most, if there is fast memory for some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fast_weights: Option<FastReport>,
    /// Bytes of the constant tensors of the self-test, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_test: Option<usize>,
    /// Inputs, in order.
    pub inputs: Vec<PortReport>,
    /// Outputs, in order.
    pub outputs: Vec<PortReport>,
    /// The calls, in the order in which they run.
    pub calls: Vec<CallReport>,
    /// The tensors in the arena, by the calls that write them first.
    pub tensors: Vec<TensorReport>,
    /// What training on the device takes, if the model has that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<TrainingReport>,
    /// What a run takes and gives, if the model is computed frame by frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamReport>,
    /// What the user should know of how it was compiled.
    pub remarks: Vec<Remark>,
    /// The remarks as sentences.
    pub notes: Vec<String>,
}

/// What training on the device takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainingReport {
    /// Numbers that it changes.
    pub parameters: usize,
    /// Bytes of the states: the parameters and what the optimizer keeps.
    pub state_bytes: usize,
    /// The number of calls that an inference runs: the first ones.
    pub inference_calls: usize,
    /// The number of calls that inference and the sums of gradients run, if the optimizer's step runs apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_calls: Option<usize>,
    /// Bytes of the sums.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum_bytes: Option<usize>,
    /// Multiply-accumulates of a step, its inference included.
    pub macs: u64,
}

impl TrainingReport {
    fn of(program: &Program, training: &Training) -> Self {
        let parameters = training.parameters.iter().map(|index| &program.states[*index]);
        Self {
            parameters: parameters.map(|state| state.ty.len()).sum(),
            state_bytes: program.states.iter().map(|state| state.ty.bytes()).sum(),
            inference_calls: training.inference,
            gradient_calls: training.sums.as_ref().map(|sums| sums.calls),
            sum_bytes: training.sums.as_ref().map(|sums| {
                let cleared = sums.cleared.iter().map(|index| &program.states[*index]);
                cleared.map(|state| state.ty.bytes()).sum()
            }),
            macs: program.calls.iter().map(|call| call.macs).sum(),
        }
    }
}

impl Report {
    /// Puts together what is known of a planned program.
    pub fn of(program: &Program, plan: &Plan, origin: Origin) -> Self {
        let mut kernels = BTreeMap::new();
        for call in &program.calls {
            *kernels.entry(call.kernel.name().to_owned()).or_default() += 1;
        }
        let mut remarks = origin.remarks;
        remarks.extend(declined(program, plan));
        let inputs = program.inputs.iter().enumerate();
        let outputs = program.outputs.iter().enumerate();
        let steps = &program.port_steps;
        let calls = call::calls(program, plan);
        let fast_weights = origin.fast_weights.as_ref().map(|fast| {
            let mut names = vec![""; calls.len()];
            plan.order
                .iter()
                .zip(&calls)
                .for_each(|(index, call)| names[*index] = &call.name);
            fast_weights::choose(program, &names, fast, origin.alignment)
        });
        Self {
            model: program.name.clone(),
            kernels,
            macs: program.macs(),
            ram: plan.peak,
            input_bytes: program
                .all_inputs()
                .map(|port| port.ty.len() * port.ty.dtype.size())
                .sum(),
            ram_budget: origin.ram_budget,
            flash_budget: origin.flash_budget,
            over_budget: None,
            ram_lower_bound: plan.lower_bound,
            ram_is_least: plan.is_least,
            ram_any_order: plan.any_order,
            ram_by_rows: origin.ram_by_rows,
            weights: program.weight_bytes(),
            self_test: program.golden.is_some().then(|| program.golden_bytes()),
            inputs: inputs
                .map(|(i, port)| PortReport::of(port, steps.inputs.get(&i)))
                .collect(),
            outputs: outputs
                .map(|(i, port)| PortReport::of(port, steps.outputs.get(&i)))
                .collect(),
            calls,
            tensors: tensors::tensors(program, plan),
            fast_weights,
            training: program
                .training
                .as_ref()
                .map(|training| TrainingReport::of(program, training)),
            stream: StreamReport::of(program),
            notes: remarks.iter().map(Remark::to_string).collect(),
            remarks,
            sha256: origin.sha256,
            opset: origin.opset,
            target: origin.target,
        }
    }

    /// The remarks as lines, the warnings first.
    pub fn remark_lines(&self) -> impl Iterator<Item = String> {
        let (warnings, notes): (Vec<_>, Vec<_>) = self.remarks.iter().partition(|remark| remark.is_warning());
        warnings.into_iter().chain(notes).map(Remark::line)
    }
}

/// The layers for which the machine has a fast kernel that does not compute them.
fn declined(program: &Program, plan: &Plan) -> Vec<Remark> {
    let calls = plan.order.iter().map(|index| &program.calls[*index]);
    let declined = calls.flat_map(|call| {
        let (kernel, cores) = (call.kernel.name(), call.kernel.made_for());
        let choice = call
            .choice
            .iter()
            .filter(move |_| !matches!(cores, Some(Cores::Dsp | Cores::Mve)));
        choice.flat_map(|choice| &choice.declined).map(move |reason| {
            let what = if cores.is_none() { ", which is portable" } else { "" };
            let reason = format!("runs `{kernel}`{what}: {reason}");
            Remark::on(RemarkKind::PortableKernel, &call.name, reason)
        })
    });
    declined.collect()
}
