//! The step of training, and the parameters that it changes.

use super::Options;
use super::interface::{array, describe, doc, docs, separated};
use super::names::ModelNames;
use super::states;
use crate::back::plan::Plan;
use crate::back::report::grouped;
use crate::ir::program::{Port, Program, Training};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use std::collections::HashSet;

/// `train_step`, `parameters` and `set_parameters` with an arena of so many bytes.
pub(super) fn methods(
    program: &Program,
    plan: &Plan,
    names: &ModelNames,
    options: &Options,
    bytes: &Literal,
) -> Option<TokenStream> {
    let training = program.training.as_ref()?;
    let step = step(program, training, plan, names, options, bytes);
    let parameters = parameters(program, training, names, bytes);
    Some(quote!(#step #parameters))
}

fn step(
    program: &Program,
    training: &Training,
    plan: &Plan,
    names: &ModelNames,
    options: &Options,
    bytes: &Literal,
) -> TokenStream {
    let ports: Vec<_> = program.all_inputs().zip(&names.inputs).collect();
    // The last is the learning rate: a number, and always read.
    let rate = ports.len() - 1;
    let read = program.calls.iter().flat_map(|call| &call.inputs);
    let read: HashSet<_> = read.map(|view| view.buffer).collect();
    let arguments = |in_arena: bool| {
        let argument = |(index, (port, name)): (usize, &(&Port, &String))| {
            let unread = in_arena && !read.contains(&port.view.buffer);
            let (name, ty) = (format_ident!("{}{name}", if unread { "_" } else { "" }), array(port));
            if index == rate {
                quote!(#name: f32)
            } else {
                quote!(#name: &#ty)
            }
        };
        ports.iter().enumerate().map(argument).collect::<Vec<_>>()
    };
    let (arguments, arguments_in) = (arguments(false), arguments(true));
    let passed: Vec<_> = names.inputs.iter().map(|name| format_ident!("{name}")).collect();
    let rate = passed[rate].clone();
    let body = super::interface::body(program, plan, names, options, program.calls.len());
    let loss = format_ident!("{}", names.slots[&training.loss.view]);
    let mut lines = vec![
        "Runs one step of training: moves the parameters by the gradient of the loss, and gives the loss before."
            .to_owned(),
        String::new(),
    ];
    lines.extend(
        ports
            .iter()
            .map(|(port, _)| format!("- {}", describe("input", (port, None)))),
    );
    let calls = program.calls.len() - training.inference;
    let macs: u64 = program.calls.iter().map(|call| call.macs).sum();
    lines.extend([
        String::new(),
        format!(
            "It runs the calls of [`run`](Self::run) and {calls} more: {} MACs in all.",
            grouped(macs)
        ),
    ]);
    let docs = docs(&lines);
    // With the arena there is one argument more.
    let many =
        (ports.len() + 1 > super::interface::MOST_ARGUMENTS).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    quote! {
        #docs
        #many
        pub fn train_step(&mut self, #(#arguments),*) -> f32 {
            Self::train_step_in(&mut self.arena, #(#passed),*)
        }

        /// [`train_step`](Self::train_step) in an arena that is elsewhere.
        #many
        pub fn train_step_in(arena: &mut runtime_core::Arena<#bytes>, #(#arguments_in),*) -> f32 {
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
