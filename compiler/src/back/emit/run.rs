//! `run`: what it takes, what it does, and what it gives.

use super::identifiers::plain;
use super::interface::{MOST_ARGUMENTS, array, body, describe, docs, inputs, outputs, separated};
use super::names::ModelNames;
use super::profiling::{self, Signature};
use super::weights::WeightsMode;
use super::{Options, threads, updatable};
use crate::back::plan::Plan;
use crate::back::report::{Report, grouped};
use crate::ir::program::Program;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use std::collections::HashSet;

/// `run`, and `run_in` which does its work.
pub(super) fn run(
    program: &Program,
    plan: &Plan,
    report: &Report,
    names: &ModelNames,
    options: &Options,
) -> TokenStream {
    let read: HashSet<_> = program.calls[..program.inference_calls()]
        .iter()
        .flat_map(|call| &call.inputs)
        .map(|v| v.buffer.0)
        .collect();
    let arguments = |in_arena: bool| {
        let read = &read;
        let ports = program.inputs.iter().zip(&names.inputs);
        let arguments = ports.map(move |(port, name)| {
            let unread = if in_arena && !read.contains(&port.view.buffer.0) {
                "_"
            } else {
                ""
            };
            let (name, ty) = (format_ident!("{unread}{name}"), array(port));
            quote!(#name: &#ty)
        });
        arguments.collect::<Vec<_>>()
    };
    let updatable = options.weights == WeightsMode::Updatable;
    let weights = updatable.then(|| updatable::argument(names));
    let with_weights = |arguments: Vec<TokenStream>| weights.iter().cloned().chain(arguments).collect::<Vec<_>>();
    let (outer, inner) = (with_weights(arguments(false)), with_weights(arguments(true)));
    let passed = names.inputs[..program.inputs.len()].iter();
    let passed: Vec<_> = updatable
        .then(|| format_ident!("weights"))
        .into_iter()
        .chain(passed.map(|name| format_ident!("{name}")))
        .collect();
    let docs = docs(&described(program, updatable.then_some(names)));
    let (result, returned) = returned(program, names);
    // Where there is only one reference, Rust knows where the result comes from.
    let lifetime = (!passed.is_empty()).then(|| quote!('a));
    let generics = lifetime.as_ref().map(|lifetime| quote!(<#lifetime>));
    let (ty, ty_in) = (result(None), result(lifetime.clone()));
    let bytes = separated(report.ram as u64);
    let body = body(program, plan, names, options, 0..program.inference_calls());
    let calls = quote!(#body #returned);
    // With the arena there is one argument more.
    let many = (passed.len() + 1 > MOST_ARGUMENTS).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let (run, arguments_in, run_in, more) = if options.threads {
        let ty = result(Some(quote!('a)));
        let any_divided = program.calls.iter().any(|call| call.instance.divided);
        (
            threads::run(&passed),
            &outer,
            threads::run_in(&passed),
            Some(threads::run_by(&bytes, &inner, &ty, &calls, any_divided)),
        )
    } else {
        let run = quote!(Self::run_in(&mut self.arena #(, #passed)*));
        if options.profiling {
            let signature = Signature {
                outer: (&outer, &ty),
                inner: (&inner, &ty_in),
                lifetime: lifetime.as_ref(),
                bytes: &bytes,
            };
            let any = program.inference_calls() > 0;
            let methods = profiling::methods(&signature, &passed, &calls, any);
            (run, &outer, profiling::run_in(&passed), Some(methods))
        } else {
            (run, &inner, calls, None)
        }
    };
    quote! {
        #docs
        #many
        pub fn run(&mut self, #(#outer),*) -> #ty {
            #run
        }

        /// [`run`](Self::run) in an arena that is elsewhere, such as one on the heap: `Arena::boxed()` with the feature
        /// `alloc` of runtime-core.
        #many
        pub fn run_in #generics (arena: &#lifetime mut runtime_core::Arena<#bytes> #(, #arguments_in)*) -> #ty_in {
            #run_in
        }

        #more
    }
}

/// What is said of `run`, line by line; `updatable` are the names if it takes weights.
fn described(program: &Program, updatable: Option<&ModelNames>) -> Vec<String> {
    let mut lines = vec![
        "Runs one inference. What it returns stays valid until the next call.".into(),
        String::new(),
    ];
    lines.extend(updatable.map(|names| format!("- weights that [`{}`] has verified.", names.verified)));
    lines.extend(inputs(program).map(|p| format!("- {}", describe("input", p))));
    lines.extend(outputs(program).map(|p| format!("- {}", describe("output", p))));
    for repetition in &program.repetitions {
        let name = plain(&program.calls[repetition.calls.start].name);
        lines.extend([
            String::new(),
            format!(
                "The loop `{name}` ends after {} trips even where the model would go on.",
                grouped(repetition.most as u64)
            ),
        ]);
    }
    if program.training.is_some() {
        lines.extend([
            String::new(),
            "The parameters are those of a new model, or what [`train_step`](Self::train_step) made of them.".into(),
        ]);
    } else if !program.states.is_empty() {
        lines.extend([
            String::new(),
            match program.initial.is_empty() {
                true => "It finds what the call before left, zeros at first:".into(),
                false => "It finds what the call before left, at first what a new model begins with:".into(),
            },
            String::new(),
        ]);
        let states = program.states.iter();
        lines.extend(states.map(|state| format!("- {}", describe("state", (state, None)))));
    }
    lines
}

/// The type of what `run` returns, for a lifetime, and the expression that gives it.
fn returned<'n>(
    program: &'n Program,
    names: &'n ModelNames,
) -> (impl Fn(Option<TokenStream>) -> TokenStream + 'n, TokenStream) {
    let slots = program
        .outputs
        .iter()
        .map(|p| format_ident!("{}", names.slots[&p.view]));
    let slots: Vec<_> = slots.collect();
    let value = match &slots[..] {
        [slot] => quote!(arena.read(slots::#slot)),
        _ => {
            let ty = format_ident!("{}", names.outputs);
            let fields = names.output_fields.iter().map(|f| format_ident!("{f}"));
            quote!(#ty { #(#fields: arena.read(slots::#slots)),* })
        }
    };
    let ty = move |lifetime: Option<TokenStream>| match &program.outputs[..] {
        [output] => {
            let ty = array(output);
            quote!(&#lifetime #ty)
        }
        _ => {
            let ty = format_ident!("{}", names.outputs);
            let lifetime = lifetime.unwrap_or_else(|| quote!('_));
            quote!(#ty<#lifetime>)
        }
    };
    (ty, value)
}
