//! The step of training.

use super::Options;
use super::interface::{MOST_ARGUMENTS, array, body, describe, docs, separated};
use super::names::ModelNames;
use super::parameters::parameters;
use crate::back::plan::Plan;
use crate::back::report::{Report, grouped};
use crate::ir::program::{Port, Program, Sums, Training};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use std::ops::Range;

/// `train_step`, `accumulate` and `apply` where gradients are summed up, and the methods of the parameters.
pub(super) fn methods(
    program: &Program,
    plan: &Plan,
    report: &Report,
    names: &ModelNames,
    options: &Options,
) -> Option<TokenStream> {
    let training = program.training.as_ref()?;
    let bytes = separated(report.ram as u64);
    let passed: Vec<_> = names.inputs.iter().map(|name| format_ident!("{name}")).collect();
    // The last is the learning rate, a number.
    let (rate, tensors) = passed.split_last().expect("a step has a learning rate");
    let ports: Vec<&Port> = program.all_inputs().take(tensors.len()).collect();
    let types = ports.iter().map(|port| array(port));
    let step = Step {
        program,
        training,
        report,
        names,
        arguments: quote!(#(#tensors: &#types),*),
        ports,
        tensors,
        rate,
        bytes: &bytes,
        body: &|places| body(program, plan, names, options, places),
    };
    let step = match &training.sums {
        None => step.whole(),
        Some(sums) => [step.of_sums(), step.accumulate(sums), step.apply(sums)]
            .into_iter()
            .collect(),
    };
    let parameters = parameters(program, training, names, &bytes);
    Some(quote!(#step #parameters))
}

/// What a step is printed from.
struct Step<'a> {
    program: &'a Program,
    training: &'a Training,
    report: &'a Report,
    names: &'a ModelNames,
    /// The inputs of inference, and the target.
    ports: Vec<&'a Port>,
    tensors: &'a [Ident],
    arguments: TokenStream,
    rate: &'a Ident,
    /// Size of the arena.
    bytes: &'a Literal,
    /// Prints calls.
    body: &'a dyn Fn(Range<usize>) -> TokenStream,
}

impl Step<'_> {
    /// `train_step` that runs all calls.
    fn whole(&self) -> TokenStream {
        let Self { tensors, rate, .. } = self;
        let inference = self.training.inference;
        let of_inference = &tensors[..self.program.inputs.len()];
        let body = (self.body)(inference..self.program.calls.len());
        let loss = self.loss();
        let calls = self.program.calls.len() - inference;
        let body = quote! {
            Self::run_in(arena #(, #of_inference)*);
            let #rate = &[#rate];
            #body
            #loss
        };
        self.train_step(
            "Runs one step of training: moves the parameters by the gradient of the loss, and gives the loss before.",
            &format!("It runs the calls of [`run`](Self::run) and {calls} more"),
            &body,
        )
    }

    /// `train_step` that adds to the sums and applies them.
    fn of_sums(&self) -> TokenStream {
        let Self { tensors, rate, .. } = self;
        self.train_step(
            "Runs one step of training, [`accumulate`](Self::accumulate) and [`apply`](Self::apply), and gives the\n\
             loss before. What was accumulated earlier is part of the mean.",
            &format!("It runs {} calls", self.program.calls.len()),
            &quote! {
                let loss = Self::accumulate_in(arena, #(#tensors),*);
                Self::apply_in(arena, #rate);
                loss
            },
        )
    }

    fn train_step(&self, first: &str, calls: &str, body: &TokenStream) -> TokenStream {
        let Self {
            tensors,
            rate,
            arguments,
            bytes,
            ..
        } = self;
        let mut lines = vec![first.to_owned(), String::new()];
        lines.extend(self.described());
        lines.extend([
            format!("- `{rate}`: what the movement is multiplied by."),
            String::new(),
            format!("{calls}: {} MACs in all.", self.macs()),
        ]);
        let docs = docs(&lines);
        let many = many(tensors.len() + 2);
        quote! {
            #docs
            #many
            pub fn train_step(&mut self, #arguments, #rate: f32) -> f32 {
                Self::train_step_in(&mut self.arena, #(#tensors,)* #rate)
            }

            /// [`train_step`](Self::train_step) in an arena that is elsewhere.
            #many
            pub fn train_step_in(arena: &mut runtime_core::Arena<#bytes>, #arguments, #rate: f32) -> f32 {
                #body
            }
        }
    }

    fn accumulate(&self, sums: &Sums) -> TokenStream {
        let Self {
            tensors,
            arguments,
            bytes,
            ..
        } = self;
        let of_inference = &tensors[..self.program.inputs.len()];
        let body = (self.body)(self.training.inference..sums.calls);
        let loss = self.loss();
        let mut lines = vec![
            "Adds the gradient of the loss to the sums that [`apply`](Self::apply) takes the mean of, and gives the\n\
             loss. The parameters stay as they are."
                .to_owned(),
            String::new(),
        ];
        lines.extend(self.described());
        let docs = docs(&lines);
        let many = many(tensors.len() + 1);
        quote! {
            #docs
            #many
            pub fn accumulate(&mut self, #arguments) -> f32 {
                Self::accumulate_in(&mut self.arena, #(#tensors),*)
            }

            /// [`accumulate`](Self::accumulate) in an arena that is elsewhere.
            #many
            pub fn accumulate_in(arena: &mut runtime_core::Arena<#bytes>, #arguments) -> f32 {
                Self::run_in(arena #(, #of_inference)*);
                #body
                #loss
            }
        }
    }

    fn apply(&self, sums: &Sums) -> TokenStream {
        let Self { rate, bytes, .. } = self;
        let slot = |index: &usize| {
            let view = self.program.states[*index].view;
            format_ident!("{}", self.names.slots[&view])
        };
        let count = slot(&sums.count);
        let cleared = sums.cleared.iter().map(slot);
        let body = (self.body)(sums.calls..self.program.calls.len());
        let module = format_ident!("{}", self.names.module);
        let docs = docs(&[
            "Moves the parameters by the mean of the gradients that [`accumulate`](Self::accumulate) summed up, and\n\
             clears the sums. Without any it changes nothing."
                .to_owned(),
            String::new(),
            format!("- `{rate}`: what the movement is multiplied by."),
        ]);
        quote! {
            #docs
            pub fn apply(&mut self, #rate: f32) {
                Self::apply_in(&mut self.arena, #rate);
            }

            /// [`apply`](Self::apply) in an arena that is elsewhere.
            pub fn apply_in(arena: &mut runtime_core::Arena<#bytes>, #rate: f32) {
                if *arena.read(#module::slots::#count) == [0.0] {
                    return;
                }
                let #rate = &[#rate];
                #body
                #(arena.write(slots::#cleared).fill(0.0);)*
            }
        }
    }

    /// The lines of the documentation that describe the tensors.
    fn described(&self) -> impl Iterator<Item = String> {
        let ports = self.ports.iter();
        ports.map(|port| format!("- {}", describe("input", (port, None))))
    }

    /// The expression that gives the loss.
    fn loss(&self) -> TokenStream {
        let slot = format_ident!("{}", self.names.slots[&self.training.loss.view]);
        quote! {
            let [loss] = *arena.read(slots::#slot);
            loss
        }
    }

    fn macs(&self) -> String {
        grouped(self.report.training.as_ref().map_or(0, |training| training.macs))
    }
}

/// What lets clippy pass so many arguments, if they are too many for it.
fn many(count: usize) -> Option<TokenStream> {
    (count > MOST_ARGUMENTS).then(|| quote!(#[allow(clippy::too_many_arguments)]))
}
