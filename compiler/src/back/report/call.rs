use super::names::call_name;
use super::nodes::distinctive;
use crate::back::plan::{Lifetime, Plan};
use crate::ir::program::{BufferId, Call, Choice, Program, Storage};
use serde::Serialize;
use std::collections::HashSet;

/// A tensor that a call reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OperandReport {
    /// Element type.
    pub dtype: String,
    /// Shape.
    pub shape: Vec<usize>,
}

/// One kernel call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallReport {
    /// Its number in the order in which calls run, from 0.
    pub number: usize,
    /// Its name in the emitted file, as for a function: `l03_depthwise`.
    pub name: String,
    /// What tells its ONNX nodes from those of other calls.
    pub node: String,
    /// The ONNX nodes that it stands for.
    pub nodes: Vec<String>,
    /// Which rows it computes, and in which tile, if it computes only a part of the node.
    pub part: Option<String>,
    /// The function of runtime-core.
    pub kernel: String,
    /// Whether rustc compiles a copy of the kernel for this call; otherwise calls of one kernel share it.
    pub specialised: bool,
    /// Why.
    pub copy_reason: String,
    /// How the node is computed, where there was a choice of kernels or of ways to store its weights.
    pub choice: Option<ChoiceReport>,
    /// Whether the output takes the place of an input, element by element.
    pub in_place: bool,
    /// Whether it does so row by row, in memory that both share in part.
    pub overlaps: bool,
    /// What the node reads, without constants.
    pub inputs: Vec<OperandReport>,
    /// Element type of the first output.
    pub dtype: String,
    /// Shape of the first output.
    pub output: Vec<usize>,
    /// What a step of its integers stands for, where that is known.
    pub scale: Option<f32>,
    /// The integer that stands for zero, where that is known.
    pub zero_point: Option<i32>,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Instructions that it is estimated to take, in proportion to the other ways to compute its node, if there were
    /// any.
    pub estimate: Option<u64>,
    /// Bytes of constants that this call is the first to read.
    pub weights: usize,
    /// First byte of the first output in the arena, and the one after its last.
    pub arena: [usize; 2],
    /// The calls between which the output is kept.
    pub lifetime: Option<Lifetime>,
}

/// The way in which a node is computed, where there were several.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceReport {
    /// The kernel that does the work.
    pub kernel: &'static str,
    /// How its weights are stored.
    pub layout: &'static str,
    /// Why it was chosen.
    pub reason: String,
}

impl ChoiceReport {
    fn of(choice: &Choice) -> Self {
        Self {
            kernel: choice.kernel,
            layout: choice.layout,
            reason: choice.reason.clone(),
        }
    }
}

/// Reports of all calls, in the order in which they run.
pub(super) fn calls(program: &Program, plan: &Plan) -> Vec<CallReport> {
    let ordered: Vec<&Call> = plan.order.iter().map(|index| &program.calls[*index]).collect();
    let origins: Vec<Vec<String>> = ordered.iter().map(|call| nodes(call)).collect();
    let mut read: HashSet<BufferId> = HashSet::new();
    let numbered = ordered
        .iter()
        .zip(&plan.order)
        .zip(origins.iter().zip(distinctive(&origins)));
    let numbered = numbered.enumerate();
    numbered
        .map(|(number, ((call, index), (nodes, node)))| {
            let (view, in_place) = (call.outputs[0], plan.in_place[*index]);
            let overlaps = plan.overlaps[*index].is_some();
            let buffer = program.buffer(view.buffer);
            let size = buffer.dtype.size();
            let start = plan.offsets[view.buffer.0].unwrap_or_default() + view.offset * size;
            let constants = call.inputs.iter().filter_map(|view| {
                let buffer = program.buffer(view.buffer);
                let constant = matches!(buffer.storage, Storage::Constant(_));
                (constant && read.insert(view.buffer)).then(|| buffer.bytes())
            });
            CallReport {
                number,
                name: call_name(number, ordered.len(), call.kernel.name()),
                node,
                nodes: nodes.clone(),
                part: call.part.as_ref().map(ToString::to_string),
                kernel: function(call, in_place).to_owned(),
                specialised: call.instance.specialised && !overlaps,
                copy_reason: if overlaps {
                    "the parts of a layer share a kernel".into()
                } else {
                    call.instance.reason.clone()
                },
                choice: call.choice.as_ref().map(ChoiceReport::of),
                in_place,
                overlaps,
                inputs: operands(call),
                dtype: buffer.dtype.to_string(),
                output: call.shape.clone(),
                scale: call.steps.map(|steps| steps.scale),
                zero_point: call.steps.map(|steps| steps.zero),
                macs: call.macs,
                estimate: estimate(call),
                weights: constants.sum(),
                arena: [start, start + view.len * size],
                lifetime: plan.lifetimes[view.buffer.0],
            }
        })
        .collect()
}

/// The estimate on which its kernel was chosen: of the call that does the work, and that does all of it.
fn estimate(call: &Call) -> Option<u64> {
    let choice = call.choice.as_ref()?;
    let whole = choice.kernel == call.kernel.name() && call.part.is_none();
    (whole && choice.cost.time >= 1000).then_some(choice.cost.time / 1000)
}

/// The ONNX nodes of a call, or what else it is named after.
fn nodes(call: &Call) -> Vec<String> {
    match &call.origin[..] {
        [] => vec![call.name.clone()],
        origin => origin.to_vec(),
    }
}

/// The function that is called.
fn function(call: &Call, in_place: bool) -> &'static str {
    let own = call.kernel.in_place_name().filter(|_| in_place);
    own.unwrap_or(call.kernel.name())
}

fn operands(call: &Call) -> Vec<OperandReport> {
    let operands = call.operands.iter().map(|ty| OperandReport {
        dtype: ty.dtype.to_string(),
        shape: ty.shape.clone(),
    });
    operands.collect()
}
