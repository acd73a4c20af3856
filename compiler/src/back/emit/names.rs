//! Names from the model, made into identifiers that are unique and never keywords.

use super::Options;
use crate::back::plan::Plan;
use crate::ir::program::{Program, Storage, View};
use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use std::collections::{HashMap, HashSet};

/// Text of the model made fit for a comment or a table cell: printable ASCII without what could end either.
pub fn plain(text: &str) -> String {
    let plain = |c: char| match c {
        '`' => '\'',
        '|' | '\\' => '/',
        '*' | '[' | ']' | '<' | '>' => '_',
        ' '..='~' => c,
        _ => '?',
    };
    let text: String = text.chars().map(plain).take(120).collect();
    text
}

/// Identifiers of one scope.
#[derive(Debug, Default)]
pub struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// A scope in which `reserved` are taken.
    pub fn reserving(reserved: &[&str]) -> Self {
        Self {
            taken: reserved.iter().map(|s| (*s).to_owned()).collect(),
        }
    }

    /// `text` in `snake_case`.
    pub fn snake(&mut self, text: &str) -> String {
        self.unique(&words(text).to_snake_case(), "t")
    }

    /// `text` in `SHOUTY_SNAKE_CASE`.
    pub fn shouty(&mut self, text: &str) -> String {
        self.unique(&words(text).to_shouty_snake_case(), "T")
    }

    /// `text` in `UpperCamelCase`.
    pub fn camel(&mut self, text: &str) -> String {
        self.unique(&words(text).to_upper_camel_case(), "T")
    }

    fn unique(&mut self, text: &str, prefix: &str) -> String {
        let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic());
        let mut base = if starts_well {
            text.to_owned()
        } else {
            format!("{prefix}{text}")
        };
        if syn::parse_str::<syn::Ident>(&base).is_err() {
            base.push('_');
        }
        // `Conv2`, but `Conv1_2` and `conv_2`: what rustc takes for the case that the text is in.
        let stem = base.trim_end_matches('_');
        let camel =
            stem.starts_with(|c: char| c.is_ascii_uppercase()) && stem.ends_with(|c: char| c.is_ascii_lowercase());
        let joint = if camel { "" } else { "_" };
        let mut name = base.clone();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{stem}{joint}{number}");
            number += 1;
        }
        name
    }
}

/// ASCII words of a text, of a length that people can read.
fn words(text: &str) -> String {
    let word: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let word = word.trim_matches('_');
    let excess = word.len().saturating_sub(48);
    word[excess..].trim_matches('_').to_owned()
}

/// Slots that a call can borrow to read, and to write.
const MOST_BORROWED: usize = 8;

/// The local for result `index` of a call.
pub(super) fn written(index: usize) -> String {
    match index {
        0 => "y".into(),
        _ => format!("y{index}"),
    }
}

/// Every identifier of one emitted file.
pub(super) struct ModelNames {
    /// The struct.
    pub(super) model: String,
    /// The struct of several outputs.
    pub(super) outputs: String,
    /// The private module.
    pub(super) module: String,
    /// Arguments of `run`.
    pub(super) inputs: Vec<String>,
    /// Locals of `run` for the operands that a call reads: names that no argument has.
    pub(super) operands: Vec<String>,
    /// Fields of the outputs' struct.
    pub(super) output_fields: Vec<String>,
    /// Names of the constants about each input, then each output.
    pub(super) ports: Vec<String>,
    /// For each call its parameters' constant.
    pub(super) layers: Vec<String>,
    /// Constants of the weights, by buffer.
    pub(super) weights: HashMap<usize, String>,
    /// Constants of the arena's slots, and their views in order of first use.
    pub(super) slots: HashMap<View, String>,
    pub(super) slot_order: Vec<View>,
}

impl ModelNames {
    pub(super) fn of(program: &Program, plan: &Plan, options: &Options) -> Self {
        let model = Names::reserving(&["Self", "Default"]).camel(&options.struct_name);
        let module = Names::reserving(&["runtime_core", "core", "std"]).snake(&format!("{model}_parts"));
        let mut inputs = Names::reserving(&["arena", "simd", "kernels", "layers", "slots", "weights"]);
        inputs.taken.extend((0..MOST_BORROWED).map(written));
        let inputs: Vec<_> = program.inputs.iter().map(|p| inputs.snake(&p.name)).collect();
        let letters = ('a'..='x').map(String::from);
        let others = (0..).map(|i| format!("operand{i}"));
        let operands = letters.chain(others).filter(|name| !inputs.contains(name));
        let mut fields = Names::default();
        let mut ports = Names::reserving(&["MACS", "RAM", "WEIGHTS"]);
        let imports: Vec<_> = super::layers::imports(program).into_iter().collect();
        let mut layers = Names::reserving(&imports);
        let mut names = Self {
            outputs: format!("{model}Outputs"),
            model,
            module,
            operands: operands.take(MOST_BORROWED).collect(),
            inputs,
            output_fields: program.outputs.iter().map(|p| fields.snake(&p.name)).collect(),
            ports: program
                .inputs
                .iter()
                .chain(&program.outputs)
                .map(|p| ports.shouty(&p.name))
                .collect(),
            layers: vec![String::new(); program.calls.len()],
            weights: HashMap::new(),
            slots: HashMap::new(),
            slot_order: vec![],
        };
        let (mut slots, mut weights) = (Names::default(), Names::reserving(&["FILE"]));
        for index in &plan.order {
            let call = &program.calls[*index];
            let specialised = super::layers::specialised(program, call, options);
            names.layers[*index] = if specialised {
                layers.camel(&call.name)
            } else {
                layers.shouty(&call.name)
            };
            for view in call.inputs.iter().chain(&call.outputs) {
                names.add_view(program, *view, &mut slots, &mut weights);
            }
        }
        for port in &program.outputs {
            names.add_view(program, port.view, &mut slots, &mut weights);
        }
        names
    }

    fn add_view(&mut self, program: &Program, view: View, slots: &mut Names, weights: &mut Names) {
        let buffer = program.buffer(view.buffer);
        match buffer.storage {
            Storage::Arena if !self.slots.contains_key(&view) => {
                let part = if view.len == buffer.len {
                    String::new()
                } else {
                    format!(" from {}", view.offset)
                };
                self.slots.insert(view, slots.shouty(&format!("{}{part}", buffer.name)));
                self.slot_order.push(view);
            }
            Storage::Constant(_) if !self.weights.contains_key(&view.buffer.0) => {
                self.weights.insert(view.buffer.0, weights.shouty(&buffer.name));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_numbered_in_the_same_case() {
        let mut names = Names::reserving(&["Identity"]);
        assert_eq!(
            [names.camel("identity"), names.camel("conv1"), names.camel("conv1")],
            ["Identity2", "Conv1", "Conv1_2"]
        );
        assert_eq!(
            [names.snake("self"), names.snake("Self"), names.snake("🦀")],
            ["self_", "self_2", "t"]
        );
        assert_eq!([names.shouty("x"), names.shouty("X")], ["X", "X_2"]);
    }
}
