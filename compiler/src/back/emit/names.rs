//! Every identifier of one emitted file. What a call needs is named after it: `L03_DEPTHWISE` is where call
//! `l03_depthwise` puts its result, `L03_DEPTHWISE_WEIGHTS` are its weights. Inputs and outputs keep the model's names.

use super::identifiers::Names;
use super::{Options, weights};
use crate::back::plan::Plan;
use crate::back::report::Report;
use crate::ir::program::{BufferId, Program, Storage, View};
use heck::{ToShoutySnakeCase, ToUpperCamelCase};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Slots that a call can borrow to read, and to write.
const MOST_BORROWED: usize = 8;

/// Names of `run` that are no inputs.
const LOCALS: [&str; 8] = [
    "arena", "simd", "threads", "kernels", "layers", "slots", "weights", "rows",
];

/// Names of Rust's prelude: a struct of such a name would hide it from the code around.
const PRELUDE: [&str; 24] = [
    "AsMut",
    "AsRef",
    "Clone",
    "Copy",
    "Default",
    "Drop",
    "Eq",
    "Err",
    "Fn",
    "From",
    "Into",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Send",
    "Sized",
    "Some",
    "Sync",
    "Unpin",
];

/// The local for result `index` of a call.
pub(super) fn written(index: usize) -> String {
    match index {
        0 => "y".into(),
        _ => format!("y{index}"),
    }
}

/// A constant of the model's tensors.
pub(super) struct WeightName {
    /// The identifier.
    pub(super) name: String,
    /// Numbers of the calls that read it.
    pub(super) readers: Vec<usize>,
}

/// Every identifier of one emitted file.
pub(super) struct ModelNames {
    /// The struct.
    pub(super) model: String,
    /// The struct of several outputs.
    pub(super) outputs: String,
    /// The type of verified weights, where they are updatable.
    pub(super) verified: String,
    /// The type of what the self-test finds.
    pub(super) self_test_error: String,
    /// The private module.
    pub(super) module: String,
    /// Arguments of `run`, then those that a step of training takes besides.
    pub(super) inputs: Vec<String>,
    /// Locals of `run` for the operands that a call reads: names that no argument has.
    pub(super) operands: Vec<String>,
    /// Fields of the outputs' struct.
    pub(super) output_fields: Vec<String>,
    /// Names of the constants about each input, then each output.
    pub(super) ports: Vec<String>,
    /// For each call of the program its parameters: a type where the call is specialised, else a constant.
    pub(super) layers: Vec<String>,
    /// Constants of the weights.
    pub(super) weights: HashMap<BufferId, WeightName>,
    /// The weights in the order in which calls read them.
    pub(super) weight_order: Vec<BufferId>,
    /// Constants in fast memory.
    pub(super) fast: HashSet<BufferId>,
    /// Whether the weights are inside the source. Those in fast memory are, wherever the others may be.
    pub(super) inline: bool,
    /// Constants of the arena's slots, and their views in order of first use.
    pub(super) slots: HashMap<View, String>,
    pub(super) slot_order: Vec<View>,
    /// For each call that overlaps the slot of the memory that its input and output share.
    pub(super) overlaps: BTreeMap<usize, String>,
}

/// The struct of a model that is called so.
pub(super) fn model_name(name: &str) -> String {
    Names::reserving(PRELUDE).camel(name)
}

impl ModelNames {
    pub(super) fn of(program: &Program, plan: &Plan, report: &Report, options: &Options) -> Self {
        let model = model_name(&options.struct_name);
        let module = Names::reserving(["runtime_core", "core", "std"]).snake(&format!("{model}_parts"));
        let after = options.profiling.then_some("after");
        let locals = LOCALS.iter().chain(&after).map(|name| (*name).to_owned());
        let mut inputs = Names::reserving(locals.chain((0..MOST_BORROWED).map(written)));
        let inputs: Vec<_> = program.all_inputs().map(|p| inputs.snake(&p.name)).collect();
        let letters = ('a'..='x').map(String::from);
        let others = (0..).map(|i| format!("operand{i}"));
        let operands = letters.chain(others).filter(|name| !inputs.contains(name));
        let mut fields = Names::default();
        let mut ports = Names::reserving(["MACS", "RAM", "WEIGHTS", "PARAMETERS"]);
        let named = program.inputs.iter().chain(&program.outputs);
        let mut names = Self {
            // A keyword has `_` behind it, which has no place inside of a type's name.
            outputs: format!("{}Outputs", model.trim_end_matches('_')),
            verified: format!("{}Weights", model.trim_end_matches('_')),
            self_test_error: format!("{}SelfTestError", model.trim_end_matches('_')),
            model,
            module,
            operands: operands.take(MOST_BORROWED).collect(),
            inputs,
            output_fields: program.outputs.iter().map(|p| fields.snake(&p.name)).collect(),
            ports: named.map(|p| ports.shouty(&p.name)).collect(),
            layers: vec![String::new(); program.calls.len()],
            weights: HashMap::new(),
            weight_order: vec![],
            fast: report
                .fast_weights
                .iter()
                .flat_map(|fast| fast.tensors.iter().map(|tensor| tensor.buffer))
                .collect(),
            inline: false,
            slots: HashMap::new(),
            slot_order: vec![],
            overlaps: BTreeMap::new(),
        };
        for (index, call) in plan.order.iter().zip(&report.calls) {
            names.layers[*index] = if call.specialised {
                call.name.to_upper_camel_case()
            } else {
                call.name.to_shouty_snake_case()
            };
        }
        names.name_weights(program, plan, report);
        names.inline = weights::are_inline(program, &names, options);
        names.name_slots(program, plan, report);
        names
    }

    /// A constant is called after the first call that reads it and what it is to that call.
    fn name_weights(&mut self, program: &Program, plan: &Plan, report: &Report) {
        let mut names = Names::reserving(["FILE", "SELF_TEST"]);
        for (state, view) in &program.initial {
            self.weights.entry(view.buffer).or_insert_with(|| {
                self.weight_order.push(view.buffer);
                let name = names.shouty(&format!("{}_initial", program.states[*state].name));
                WeightName { name, readers: vec![] }
            });
        }
        for (index, call) in plan.order.iter().zip(&report.calls) {
            for (operand, view) in program.calls[*index].inputs.iter().enumerate() {
                let buffer = program.buffer(view.buffer);
                if !matches!(buffer.storage, Storage::Constant(_)) {
                    continue;
                }
                let weight = self.weights.entry(view.buffer).or_insert_with(|| {
                    self.weight_order.push(view.buffer);
                    let role = buffer.role.map_or_else(|| letter(operand), str::to_owned);
                    WeightName {
                        name: names.shouty(&format!("{}_{role}", call.name)),
                        readers: vec![],
                    }
                });
                if weight.readers.last() != Some(&call.number) {
                    weight.readers.push(call.number);
                }
            }
        }
        for (id, _) in program.golden_constants() {
            let name = names.shouty(&format!("self_test_{}", program.buffer(id).name));
            self.weight_order.push(id);
            self.weights.insert(id, WeightName { name, readers: vec![] });
        }
    }

    /// A slot is called after the state that it is, or after the call that writes it; what several calls write
    /// together, or what is read of it in part, after the first of them.
    fn name_slots(&mut self, program: &Program, plan: &Plan, report: &Report) {
        let mut names = Names::default();
        let mut writers: HashMap<BufferId, &str> = HashMap::new();
        let states: Vec<_> = program
            .states
            .iter()
            .map(|s| (s.view, format!("state_{}", s.name)))
            .collect();
        if let Some(view) = program.started {
            self.add_slot(view, || names.shouty("started"));
        }
        for (view, name) in &states {
            writers.insert(view.buffer, name);
            self.add_slot(*view, || names.shouty(name));
        }
        for (index, call) in plan.order.iter().zip(&report.calls) {
            let called = &program.calls[*index];
            let overlaps = plan.overlaps[*index].is_some();
            for view in called.inputs.iter().skip(usize::from(overlaps)) {
                self.add_read(program, *view, &writers, &mut names);
            }
            for (number, view) in called.outputs.iter().enumerate() {
                writers.entry(view.buffer).or_insert(&call.name);
                if overlaps && number == 0 {
                    self.overlaps
                        .insert(*index, names.shouty(&format!("{}_overlap", call.name)));
                    continue;
                }
                let part = match (number, program.buffer(view.buffer).role) {
                    (0, _) => String::new(),
                    (_, Some(role)) => format!("_{role}"),
                    (_, None) => format!("_{}", written(number)),
                };
                self.add_slot(*view, || names.shouty(&format!("{}{part}", call.name)));
            }
        }
        for port in program.all_outputs() {
            self.add_read(program, port.view, &writers, &mut names);
        }
    }

    fn add_read(&mut self, program: &Program, view: View, writers: &HashMap<BufferId, &str>, names: &mut Names) {
        let buffer = program.buffer(view.buffer);
        if !buffer.storage.is_in_arena() {
            return;
        }
        let writer = writers.get(&view.buffer).copied().unwrap_or("unwritten");
        let part = if view.len == buffer.len {
            "whole".to_owned()
        } else {
            format!("from_{}", view.offset)
        };
        self.add_slot(view, || names.shouty(&format!("{writer}_{part}")));
    }

    fn add_slot(&mut self, view: View, name: impl FnOnce() -> String) {
        if let Entry::Vacant(slot) = self.slots.entry(view) {
            slot.insert(name());
            self.slot_order.push(view);
        }
    }
}

/// Operands in the order in which kernels take them: `a`, `b`, `c` ..
fn letter(operand: usize) -> String {
    ('a'..='z')
        .nth(operand)
        .map_or_else(|| format!("operand_{operand}"), String::from)
}
