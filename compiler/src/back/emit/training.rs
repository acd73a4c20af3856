//! The step of training, and the parameters that it changes.

use super::Options;
use super::interface::{array, describe, doc, docs, separated};
use super::names::ModelNames;
use super::states;
use crate::back::plan::Plan;
use crate::back::report::{Report, grouped};
use crate::ir::program::{Port, Program, Training};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// `train_step`, `parameters` and `set_parameters`.
pub(super) fn methods(
    program: &Program,
    plan: &Plan,
    report: &Report,
    names: &ModelNames,
    options: &Options,
) -> Option<TokenStream> {
    let training = program.training.as_ref()?;
    let bytes = separated(report.ram as u64);
    let step = step(program, training, plan, report, names, options);
    let parameters = parameters(program, training, names, &bytes);
    Some(quote!(#step #parameters))
}

fn step(
    program: &Program,
    training: &Training,
    plan: &Plan,
    report: &Report,
    names: &ModelNames,
    options: &Options,
) -> TokenStream {
    let passed: Vec<_> = names.inputs.iter().map(|name| format_ident!("{name}")).collect();
    // The last is the learning rate, a number.
    let (rate, tensors) = passed.split_last().expect("a step has a learning rate");
    let ports: Vec<&Port> = program.all_inputs().take(tensors.len()).collect();
    let types = ports.iter().map(|port| array(port));
    let arguments = quote!(#(#tensors: &#types,)* #rate: f32);
    let of_inference = &passed[..program.inputs.len()];
    let body = super::interface::body(program, plan, names, options, training.inference..program.calls.len());
    let loss = format_ident!("{}", names.slots[&training.loss.view]);
    let mut lines = vec![
        "Runs one step of training: moves the parameters by the gradient of the loss, and gives the loss before."
            .to_owned(),
        String::new(),
    ];
    lines.extend(
        ports
            .iter()
            .map(|port| format!("- {}", describe("input", (port, None)))),
    );
    let calls = program.calls.len() - training.inference;
    let macs = report.training.as_ref().map_or(0, |training| training.macs);
    lines.extend([
        format!("- `{rate}`: what the movement is multiplied by."),
        String::new(),
        format!(
            "It runs the calls of [`run`](Self::run) and {calls} more: {} MACs in all.",
            grouped(macs)
        ),
    ]);
    let (docs, bytes) = (docs(&lines), separated(report.ram as u64));
    // With the arena there is one argument more.
    let many =
        (passed.len() + 1 > super::interface::MOST_ARGUMENTS).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    quote! {
        #docs
        #many
        pub fn train_step(&mut self, #arguments) -> f32 {
            Self::train_step_in(&mut self.arena, #(#passed),*)
        }

        /// [`train_step`](Self::train_step) in an arena that is elsewhere.
        #many
        pub fn train_step_in(arena: &mut runtime_core::Arena<#bytes>, #arguments) -> f32 {
            Self::run_in(arena #(, #of_inference)*);
            let #rate = &[#rate];
            #body
            let [loss] = *arena.read(slots::#loss);
            loss
        }
    }
}

fn parameters(program: &Program, training: &Training, names: &ModelNames, bytes: &Literal) -> TokenStream {
    let module = format_ident!("{}", names.module);
    let states: Vec<&Port> = training
        .parameters
        .iter()
        .map(|index| &program.states[*index])
        .collect();
    let slots: Vec<_> = states
        .iter()
        .map(|state| format_ident!("{}", names.slots[&state.view]))
        .collect();
    let count = states.iter().map(|state| state.ty.len()).sum::<usize>();
    let described = |index: &usize| {
        let text = describe("parameter", (&program.states[*index], None));
        let note = match training.transposed.contains(index) {
            true => "; transposed, against the model's file.",
            false => ".",
        };
        format!("- {}{note}", text.trim_end_matches('.'))
    };
    let list: Vec<_> = training.parameters.iter().map(described).collect();
    let first = "Copies the parameters out, one tensor after another, to be stored or sent:".to_owned();
    let docs = docs(&[vec![first, String::new()], list].concat());
    let count_doc = doc("Numbers that training changes.");
    let count = separated(count as u64);
    let start = states::start(program, names);
    quote! {
        #count_doc
        pub const PARAMETERS: usize = #count;

        #docs
        pub fn parameters(&mut self, to: &mut [f32; #count]) {
            Self::parameters_in(&mut self.arena, to);
        }

        /// [`parameters`](Self::parameters) of an arena that is elsewhere.
        pub fn parameters_in(arena: &mut runtime_core::Arena<#bytes>, to: &mut [f32; #count]) {
            use #module::slots;
            #start
            let mut to = to.iter_mut();
            #(
                for (from, to) in arena.read(slots::#slots).iter().zip(to.by_ref()) {
                    *to = *from;
                }
            )*
        }

        /// Takes parameters that [`parameters`](Self::parameters) gave. What the optimizer keeps stays as it is.
        pub fn set_parameters(&mut self, from: &[f32; #count]) {
            Self::set_parameters_in(&mut self.arena, from);
        }

        /// [`set_parameters`](Self::set_parameters) of an arena that is elsewhere.
        pub fn set_parameters_in(arena: &mut runtime_core::Arena<#bytes>, from: &[f32; #count]) {
            use #module::slots;
            #start
            let mut from = from.iter();
            #(
                for (to, from) in arena.write(slots::#slots).iter_mut().zip(from.by_ref()) {
                    *to = *from;
                }
            )*
        }
    }
}
