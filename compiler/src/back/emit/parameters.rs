//! What training changes, copied out and in.

use super::interface::{describe, doc, docs, separated};
use super::names::ModelNames;
use super::states;
use crate::ir::program::{Port, Program, Training};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// `parameters` and `set_parameters`, for an arena of so many bytes.
pub(super) fn parameters(program: &Program, training: &Training, names: &ModelNames, bytes: &Literal) -> TokenStream {
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
