//! `self_test`: one run whose results the host has computed.

use super::identifiers::plain;
use super::interface::{doc, docs, separated};
use super::names::ModelNames;
use super::source::print;
use super::{Options, WeightsMode, updatable, weights};
use crate::back::report::{Report, grouped};
use crate::ir::DType;
use crate::ir::program::{BufferId, GoldenCase, Program};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// `self_test` and `self_test_in`.
pub(super) fn methods(
    program: &Program,
    report: &Report,
    names: &ModelNames,
    options: &Options,
) -> Option<TokenStream> {
    let golden = program.golden.as_ref()?;
    let (module, error) = (
        format_ident!("{}", names.module),
        format_ident!("{}", names.self_test_error),
    );
    let bytes = separated(report.ram as u64);
    let updatable = options.weights == WeightsMode::Updatable;
    let argument = updatable.then(|| updatable::argument(names));
    let argument = argument.iter();
    let argument_in = argument.clone();
    let passed = updatable.then(|| quote!(weights));
    let passed = passed.iter();
    let constant = |id: &BufferId| weights::path(names, options, *id);
    let inputs = golden.inputs.iter().map(constant);
    let inputs: Vec<_> = passed.clone().cloned().chain(inputs).collect();
    let run = quote!(Self::run_in(arena #(, #inputs)*));
    let has_states = !program.states.is_empty();
    let reset = has_states.then(|| quote!(Self::reset_in(arena);));
    let first_run = has_states.then(|| quote!(#run;));
    let checks = checks(program, golden, names, &constant);
    let import = match (checks.is_empty(), golden.inputs.is_empty()) {
        (false, _) => Some(quote!(use #module::{self_test, weights};)),
        (true, false) => Some(quote!(use #module::weights;)),
        (true, true) => None,
    };
    let result = match (&checks[..], &reset) {
        ([], _) => quote!(#run; #reset Ok(())),
        ([first, others @ ..], None) => quote!(let got = #run; #first #(.and_then(|()| #others))*),
        ([first, others @ ..], Some(reset)) => quote! {
            let got = #run;
            let result = #first #(.and_then(|()| #others))*;
            #reset
            result
        },
    };
    let docs = docs(&described(program, golden, updatable));
    Some(quote! {
        #docs
        pub fn self_test(&mut self #(, #argument)*) -> Result<(), #error> {
            Self::self_test_in(&mut self.arena #(, #passed)*)
        }

        /// [`self_test`](Self::self_test) in an arena that is elsewhere.
        pub fn self_test_in(arena: &mut runtime_core::Arena<#bytes> #(, #argument_in)*) -> Result<(), #error> {
            #import
            #reset
            #first_run
            #result
        }
    })
}

/// An expression for each output that is `Ok(())` if it is right.
fn checks(
    program: &Program,
    golden: &GoldenCase,
    names: &ModelNames,
    constant: &impl Fn(&BufferId) -> TokenStream,
) -> Vec<TokenStream> {
    let single = program.outputs.len() == 1;
    let outputs = program.outputs.iter().zip(&golden.outputs).enumerate();
    let checks = outputs.map(|(number, (port, want))| {
        let got = match single {
            true => quote!(got),
            false => {
                let field = format_ident!("{}", names.output_fields[number]);
                quote!(got.#field)
            }
        };
        let compare = match port.ty.dtype.is_float() {
            true => quote!(self_test::near),
            false => quote!(self_test::same),
        };
        let (want, number) = (constant(want), Literal::usize_unsuffixed(number));
        quote!(#compare(#number, #got, #want))
    });
    checks.collect()
}

fn described(program: &Program, golden: &GoldenCase, updatable: bool) -> Vec<String> {
    let twice = if program.states.is_empty() { "" } else { " twice" };
    let mut lines = vec![
        format!(
            "Runs one case{twice} and compares what comes out with what edgec has computed of it: integers and truth"
        ),
        format!(
            "values bit for bit, floats within 1/{} of the largest number that the output should have.",
            grouped(tolerance_divisor(golden))
        ),
    ];
    if updatable {
        lines.extend([
            String::new(),
            "The case is among the weights, so that an update brings its own.".to_owned(),
        ]);
    }
    let after = match (program.training.is_some(), program.states.is_empty()) {
        (true, _) => "What was learned is lost: before and after, the parameters are those of a new model.",
        (false, false) => "It begins with the states that [`reset`](Self::reset) makes, and leaves them so.",
        (false, true) => return lines,
    };
    lines.extend([String::new(), after.to_owned()]);
    lines
}

/// The reciprocal of the tolerance, a power of two.
fn tolerance_divisor(golden: &GoldenCase) -> u64 {
    (1.0 / golden.tolerance) as u64
}

/// The type of what `self_test` finds.
pub(super) fn error(program: &Program, names: &ModelNames) -> Option<TokenStream> {
    program.golden.as_ref()?;
    let error = format_ident!("{}", names.self_test_error);
    let text = doc(&format!(
        "The first element that [`{}::self_test`] has found wrong.",
        names.model
    ));
    let outputs = program.outputs.iter().enumerate();
    let outputs: Vec<_> = outputs
        .map(|(number, port)| format!("{number} is `{}`", plain(&port.name)))
        .collect();
    let output = doc(&format!("The output: {}.", outputs.join(", ")));
    Some(quote! {
        #text
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(dead_code, unreachable_pub)]
        pub struct #error {
            #output
            pub output: usize,
            /// The place of the element in the output.
            pub index: usize,
        }
    })
}

/// `mod self_test`, with the comparisons that the outputs need.
pub(super) fn module(program: &Program, names: &ModelNames) -> Option<String> {
    let golden = program.golden.as_ref()?;
    let types = || program.outputs.iter().map(|port| port.ty.dtype);
    let error = format_ident!("{}", names.self_test_error);
    let find = quote! {
        match got.iter().zip(want).position(is_wrong) {
            None => Ok(()),
            Some(index) => Err(#error { output, index }),
        }
    };
    let same = types().any(|dtype| !dtype.is_float()).then(|| {
        quote! {
            /// Whether the elements of an output are those that are wanted.
            pub fn same<T: PartialEq>(output: usize, got: &[T], want: &[T]) -> Result<(), #error> {
                let is_wrong = |(got, want): (&T, &T)| got != want;
                #find
            }
        }
    });
    let number = match types().any(|dtype| dtype == DType::F64) {
        true => format_ident!("f64"),
        false => format_ident!("f32"),
    };
    let divisor = Literal::f64_unsuffixed(tolerance_divisor(golden) as f64);
    let near = types().any(|dtype| dtype.is_float()).then(|| {
        quote! {
            /// How far a number may be from the one that is wanted, as a part of the largest that is wanted.
            const TOLERANCE: #number = 1.0 / #divisor;

            /// Whether the numbers of an output are near enough to those that are wanted.
            pub fn near<T: Copy + Into<#number>>(output: usize, got: &[T], want: &[T]) -> Result<(), #error> {
                let mut largest = 0.0;
                for number in want {
                    let number: #number = (*number).into();
                    if number.is_finite() && number.abs() > largest {
                        largest = number.abs();
                    }
                }
                let is_wrong = |(got, want): (&T, &T)| {
                    let (got, want): (#number, #number) = ((*got).into(), (*want).into());
                    let is_same = got == want || (got.is_nan() && want.is_nan());
                    let is_near = (got - want).abs() <= largest * TOLERANCE;
                    !(is_same || is_near)
                };
                #find
            }
        }
    });
    if same.is_none() && near.is_none() {
        return None;
    }
    Some(print(quote! {
        /// How the self-test compares results.
        pub mod self_test {
            use super::super::#error;
            #same
            #near
        }
    }))
}
