use super::Options;
use super::call::statements;
use super::identifiers::plain;
use super::labels;
use super::names::ModelNames;
use super::profiling;
use super::run::run;
use super::sections;
use super::self_test;
use super::states;
use super::table::table;
use super::threads;
use super::training;
use crate::back::plan::Plan;
use crate::back::report::{Report, dims, grouped};
use crate::ir::Steps;
use crate::ir::program::{Port, Program};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use std::ops::Range;

/// Inputs beside `self` that clippy lets pass.
pub(super) const MOST_ARGUMENTS: usize = 6;

pub(super) fn doc(text: &str) -> TokenStream {
    let text = format!(" {text}");
    quote!(#[doc = #text])
}

/// `#[doc]`s of a text of several lines.
pub(super) fn docs(lines: &[String]) -> TokenStream {
    lines
        .iter()
        .flat_map(|text| text.split('\n'))
        .map(|l| if l.is_empty() { quote!(#[doc = ""]) } else { doc(l) })
        .collect()
}

/// A number with separators.
pub(super) fn separated(number: u64) -> Literal {
    let digits = grouped(number).replace(' ', "_");
    digits.parse().unwrap_or_else(|_| Literal::u64_unsuffixed(number))
}

pub(super) fn model_struct(report: &Report, names: &ModelNames, options: &Options) -> TokenStream {
    let model = format_ident!("{}", names.model);
    let bytes = separated(report.ram as u64);
    let step = report.calls.len();
    let calls = report
        .training
        .as_ref()
        .map_or(step, |training| training.inference_calls);
    let mut lines = vec![
        format!(
            "`{}`: {calls} kernel call{}, {} MACs, {} B of weights, {} B of RAM besides the stack.",
            plain(&report.model),
            if calls == 1 { "" } else { "s" },
            grouped(report.macs),
            grouped(report.weights as u64),
            grouped(report.ram as u64),
        ),
        String::new(),
    ];
    if let Some(training) = &report.training {
        lines.extend([
            format!(
                "A step of training changes {} parameters with {step} kernel calls and {} MACs, those of the inference \
                 among them.",
                grouped(training.parameters as u64),
                grouped(training.macs)
            ),
            String::new(),
        ]);
    }
    if let Some(stream) = &report.stream {
        lines.push("It is computed frame by frame:".to_owned());
        lines.extend(stream.lines().iter().map(|line| format!("- {}.", plain(line))));
        lines.push(String::new());
    }
    lines.extend(sections::lines(report, names, &options.sections));
    lines.extend(table(report));
    let docs = docs(&lines);
    let threads = options.threads.then(|| quote!(threads: runtime_core::Threads,));
    quote! {
        #docs
        #[allow(unreachable_pub)]
        pub struct #model {
            arena: runtime_core::Arena<#bytes>,
            #threads
        }
    }
}

/// `[f32; 784]`.
pub(super) fn array(port: &Port) -> TokenStream {
    let len = Literal::usize_unsuffixed(port.ty.len());
    let ty = format_ident!("{}", port.ty.dtype.rust_name());
    match port.ty.dtype.rust_name() {
        "f16" | "bf16" | "Bool" => quote!([runtime_core::#ty; #len]),
        _ => quote!([#ty; #len]),
    }
}

pub(super) fn describe(kind: &str, (port, steps): (&Port, Option<Steps>)) -> String {
    let meaning = steps.map_or_else(String::new, |steps| {
        let less = if steps.zero < 0 { '+' } else { '-' };
        let zero = steps.zero.unsigned_abs();
        format!("; integers stand for (integer {less} {zero}) * {:e}", steps.scale)
    });
    let order = match port.channels_last {
        true => format!(
            "row-major with the channels last ({} in the model)",
            dims(&port.model_ty().shape)
        ),
        false => "row-major".to_owned(),
    };
    format!(
        "{kind} `{}`: {} {}, {order}{meaning}.",
        plain(&port.name),
        port.ty.dtype,
        dims(&port.ty.shape)
    )
}

/// Inputs with what their integers stand for.
pub(super) fn inputs(program: &Program) -> impl Iterator<Item = (&Port, Option<Steps>)> {
    let steps = |i| program.port_steps.inputs.get(&i).copied();
    program.inputs.iter().enumerate().map(move |(i, port)| (port, steps(i)))
}

/// Outputs with what their integers stand for.
pub(super) fn outputs(program: &Program) -> impl Iterator<Item = (&Port, Option<Steps>)> {
    let steps = |i| program.port_steps.outputs.get(&i).copied();
    program
        .outputs
        .iter()
        .enumerate()
        .map(move |(i, port)| (port, steps(i)))
}

/// Constants of what a port's integers stand for.
fn step_constants(kind: &str, port: &Port, name: &str, steps: Steps) -> TokenStream {
    let [scale_name, zero_name] = ["SCALE", "ZERO_POINT"].map(|what| format_ident!("{name}_{what}"));
    let (scale, zero) = (
        Literal::f32_unsuffixed(steps.scale),
        Literal::u32_unsuffixed(steps.zero.unsigned_abs()),
    );
    let sign = (steps.zero < 0).then(|| quote!(-));
    let port = plain(&port.name);
    let doc_scale = doc(&format!("What a step of {kind} `{port}` stands for."));
    let doc_zero = doc(&format!("The integer of {kind} `{port}` that stands for zero."));
    quote! {
        #doc_scale
        pub const #scale_name: f32 = #scale;
        #doc_zero
        pub const #zero_name: i32 = #sign #zero;
    }
}

pub(super) fn model_impl(
    program: &Program,
    plan: &Plan,
    report: &Report,
    names: &ModelNames,
    options: &Options,
) -> TokenStream {
    let model = format_ident!("{}", names.model);
    let consts = constants(program, report, names, options);
    let bytes = separated(report.ram as u64);
    let reset = states::reset(program, names, options, &bytes);
    let training = training::methods(program, plan, report, names, options);
    let run = run(program, plan, report, names, options);
    let self_test = self_test::methods(program, report, names, options);
    let one = options.threads.then(|| quote!(, threads: runtime_core::Threads::ONE));
    let set_threads = options.threads.then(threads::setter);
    quote! {
        #[allow(dead_code, unreachable_pub)]
        impl #model {
            #consts

            /// The model with an arena of zeros, for a `static`. As a local it takes [`RAM`](Self::RAM) bytes of stack.
            pub const fn new() -> Self {
                Self { arena: runtime_core::Arena::new() #one }
            }

            #set_threads

            #reset

            #run

            #training

            #self_test
        }
    }
}

fn constants(program: &Program, report: &Report, names: &ModelNames, options: &Options) -> TokenStream {
    let kinds = inputs(program)
        .map(|p| ("input", p))
        .chain(outputs(program).map(|p| ("output", p)));
    let ports = kinds.zip(&names.ports).map(|((kind, (port, steps)), name)| {
        let doc_shape = doc(&format!("Shape of {}", describe(kind, (port, steps))));
        let steps = steps.map(|steps| step_constants(kind, port, name, steps));
        let shape = port.ty.shape.iter().map(|d| Literal::usize_unsuffixed(*d));
        let rank = Literal::usize_unsuffixed(port.ty.rank());
        let name = format_ident!("{name}_SHAPE");
        quote! {
            #doc_shape
            pub const #name: [usize; #rank] = [#(#shape),*];
            #steps
        }
    });
    let [macs, ram, weights] = [report.macs, report.ram as u64, report.weights as u64].map(separated);
    let weights_doc = doc(match report.self_test {
        None => "Bytes of constant tensors in flash.",
        Some(_) => "Bytes of constant tensors in flash, those of the self-test among them.",
    });
    let ram_doc = doc(match options.threads {
        false => "Bytes of working memory: the size of the struct, not counting its alignment. The stack is apart.",
        true => {
            "Bytes of working memory: the size of the struct except its threads and its alignment. Stacks are apart."
        }
    });
    let sha256 = &report.sha256;
    let tables = labels::tables(program, names);
    let calls = options.profiling.then(|| profiling::names(program, report));
    quote! {
        #(#ports)*
        #tables
        #calls
        /// Multiply-accumulates of one inference.
        pub const MACS: u64 = #macs;
        #ram_doc
        pub const RAM: usize = #ram;
        #weights_doc
        pub const WEIGHTS: usize = #weights;
        /// SHA-256 of the ONNX file that this was made from.
        pub const MODEL_SHA256: &'static str = #sha256;
    }
}

/// The kernel calls at some places of the plan's order, with what they import.
pub(super) fn body(
    program: &Program,
    plan: &Plan,
    names: &ModelNames,
    options: &Options,
    places: Range<usize>,
) -> TokenStream {
    let start = (places.start == 0).then(|| states::start(program, names));
    let mut read = plan.order[places.clone()]
        .iter()
        .flat_map(|index| &program.calls[*index].inputs);
    let reads_weights = read.any(|view| names.weights.contains_key(&view.buffer));
    let any = !places.is_empty();
    let overlaps = plan.order[places.clone()]
        .iter()
        .any(|index| plan.overlaps[*index].is_some());
    let calls = statements(program, plan, names, options, places);
    let module = format_ident!("{}", names.module);
    let mut used = vec![];
    if any {
        used.push(quote!(layers));
    }
    if !names.slots.is_empty() || !names.overlaps.is_empty() {
        used.push(quote!(slots));
    }
    if reads_weights {
        used.push(quote!(weights));
    }
    let import = (!used.is_empty()).then(|| quote!(use #module::{#(#used),*};));
    let overlap = overlaps.then(|| quote!(Overlap,));
    let kernels = any.then(|| {
        quote!(
            use runtime_core::{#overlap Simd, kernels};
        )
    });
    let simd = any.then(|| quote!(let simd = Simd::detect();));
    quote! {
        #import
        #kernels
        #start
        #simd
        #calls
    }
}

pub(super) fn default_impl(names: &ModelNames) -> TokenStream {
    let model = format_ident!("{}", names.model);
    quote! {
        impl Default for #model {
            fn default() -> Self {
                Self::new()
            }
        }
    }
}

/// The struct of references that `run` returns where there is not exactly one output.
pub(super) fn outputs_struct(program: &Program, names: &ModelNames) -> Option<TokenStream> {
    if program.outputs.len() == 1 {
        return None;
    }
    let name = format_ident!("{}", names.outputs);
    let doc_struct = doc(&format!("Outputs of [`{}::run`].", names.model));
    let fields = outputs(program).zip(&names.output_fields).map(|(port, field)| {
        let (field, ty, text) = (format_ident!("{field}"), array(port.0), doc(&describe("output", port)));
        quote! {
            #text
            pub #field: &'a #ty
        }
    });
    Some(quote! {
        #doc_struct
        #[allow(dead_code, unreachable_pub)]
        pub struct #name<'a> { #(#fields),* }
    })
}
