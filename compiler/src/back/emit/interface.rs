use super::Options;
use super::call::statements;
use super::names::{ModelNames, plain};
use crate::back::plan::Plan;
use crate::ir::Steps;
use crate::ir::program::{Port, Program};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use std::collections::HashSet;

/// Inputs beside `self` that clippy lets pass.
const MOST_ARGUMENTS: usize = 6;

/// `1 234 567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn doc(text: &str) -> TokenStream {
    let text = format!(" {text}");
    quote!(#[doc = #text])
}

/// `#[doc]`s of a text of several lines.
fn docs(lines: &[String]) -> TokenStream {
    lines
        .iter()
        .map(|l| if l.is_empty() { quote!(#[doc = ""]) } else { doc(l) })
        .collect()
}

fn dims(shape: &[usize]) -> String {
    if shape.is_empty() {
        "scalar".into()
    } else {
        shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
    }
}

/// A cell that leaves room for the others.
fn shortened(text: &str) -> String {
    const WIDTH: usize = 64;
    if text.len() <= WIDTH {
        text.to_owned()
    } else {
        format!("{}..", &text[..WIDTH - 2])
    }
}

/// The table of kernel calls, as Markdown with aligned columns.
fn table(program: &Program, plan: &Plan) -> Vec<String> {
    let mut rows = vec![["call", "kernel", "ONNX nodes", "output", "MACs", "arena bytes"].map(str::to_owned)];
    for (number, index) in plan.order.iter().enumerate() {
        let call = &program.calls[*index];
        let view = call.outputs[0];
        let buffer = program.buffer(view.buffer);
        let start = plan.offsets[view.buffer.0].unwrap_or_default() + view.offset * buffer.dtype.size();
        let name = call
            .kernel
            .in_place_name()
            .filter(|_| plan.in_place[*index])
            .unwrap_or(call.kernel.name());
        let origin = if call.origin.is_empty() {
            call.name.clone()
        } else {
            call.origin.join(", ")
        };
        rows.push([
            number.to_string(),
            format!("`{name}`"),
            shortened(&plain(&origin)),
            dims(&call.shape),
            grouped(call.macs),
            format!("{start}..{}", start + view.len * buffer.dtype.size()),
        ]);
    }
    let width = |column: usize| rows.iter().map(|r| r[column].len()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    let right = [true, false, false, false, true, false];
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells: Vec<_> = (0..6)
                .map(|c| {
                    if right[c] {
                        format!("{:>1$}", row[c], widths[c])
                    } else {
                        format!("{:<1$}", row[c], widths[c])
                    }
                })
                .collect();
            format!("| {} |", cells.join(" | "))
        })
        .collect();
    let rule: Vec<_> = (0..6)
        .map(|c| "-".repeat(widths[c] + 1) + if right[c] { ":" } else { "-" })
        .collect();
    lines.insert(1, format!("|{}|", rule.join("|")));
    lines
}

pub(super) fn model_struct(program: &Program, plan: &Plan, names: &ModelNames) -> TokenStream {
    let model = format_ident!("{}", names.model);
    let bytes = Literal::usize_unsuffixed(plan.peak);
    let calls = program.calls.len();
    let mut lines = vec![
        format!(
            "`{}`: {calls} kernel call{}, {} MACs, {} B of RAM, {} B of weights.",
            plain(&program.name),
            if calls == 1 { "" } else { "s" },
            grouped(program.macs()),
            grouped(plan.peak as u64),
            grouped(program.weight_bytes() as u64),
        ),
        String::new(),
    ];
    lines.extend(table(program, plan));
    let docs = docs(&lines);
    quote! {
        #docs
        #[allow(unreachable_pub)]
        pub struct #model {
            arena: runtime_core::Arena<#bytes>,
        }
    }
}

/// `[f32; 784]`.
fn array(port: &Port) -> TokenStream {
    let len = Literal::usize_unsuffixed(port.ty.len());
    let ty = format_ident!("{}", port.ty.dtype.rust_name());
    match port.ty.dtype.rust_name() {
        "f16" | "bf16" | "Bool" => quote!([runtime_core::#ty; #len]),
        _ => quote!([#ty; #len]),
    }
}

fn describe(kind: &str, (port, steps): (&Port, Option<Steps>)) -> String {
    let meaning = steps.map_or_else(String::new, |steps| {
        let less = if steps.zero < 0 { '+' } else { '-' };
        let zero = steps.zero.unsigned_abs();
        format!("; integers stand for (integer {less} {zero}) * {:e}", steps.scale)
    });
    format!(
        "{kind} `{}`: {} {}, row-major{meaning}.",
        plain(&port.name),
        port.ty.dtype,
        dims(&port.ty.shape)
    )
}

/// Inputs with what their integers stand for.
fn inputs(program: &Program) -> impl Iterator<Item = (&Port, Option<Steps>)> {
    let steps = |i| program.port_steps.inputs.get(&i).copied();
    program.inputs.iter().enumerate().map(move |(i, port)| (port, steps(i)))
}

/// Outputs with what their integers stand for.
fn outputs(program: &Program) -> impl Iterator<Item = (&Port, Option<Steps>)> {
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

pub(super) fn model_impl(program: &Program, plan: &Plan, names: &ModelNames, options: &Options) -> TokenStream {
    let model = format_ident!("{}", names.model);
    let consts = constants(program, plan, names);
    let run = run(program, plan, names, options);
    quote! {
        #[allow(dead_code, unreachable_pub)]
        impl #model {
            #consts

            /// The model with an arena of zeros; fit for a `static`.
            pub const fn new() -> Self {
                Self { arena: runtime_core::Arena::new() }
            }

            #run
        }
    }
}

fn constants(program: &Program, plan: &Plan, names: &ModelNames) -> TokenStream {
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
    let macs = Literal::u64_unsuffixed(program.macs());
    let ram = Literal::usize_unsuffixed(plan.peak);
    let weights = Literal::usize_unsuffixed(program.weight_bytes());
    quote! {
        #(#ports)*
        /// Multiply-accumulates of one inference.
        pub const MACS: u64 = #macs;
        /// Bytes of working memory: the size of the struct but for its alignment.
        pub const RAM: usize = #ram;
        /// Bytes of constant tensors in flash.
        pub const WEIGHTS: usize = #weights;
    }
}

fn run(program: &Program, plan: &Plan, names: &ModelNames, options: &Options) -> TokenStream {
    let read: HashSet<_> = program
        .calls
        .iter()
        .flat_map(|call| &call.inputs)
        .map(|v| v.buffer.0)
        .collect();
    let arguments = program.inputs.iter().zip(&names.inputs).map(|(port, name)| {
        let unread = if read.contains(&port.view.buffer.0) { "" } else { "_" };
        let (name, ty) = (format_ident!("{unread}{name}"), array(port));
        quote!(#name: &#ty)
    });
    let mut lines = vec![
        "Runs one inference. What it returns stays valid until the next call.".into(),
        String::new(),
    ];
    lines.extend(inputs(program).map(|p| format!("- {}", describe("input", p))));
    lines.extend(outputs(program).map(|p| format!("- {}", describe("output", p))));
    let docs = docs(&lines);
    let calls = plan
        .order
        .iter()
        .map(|index| statements(program, plan, names, options, *index));
    let module = format_ident!("{}", names.module);
    let slots: Vec<_> = program
        .outputs
        .iter()
        .map(|p| format_ident!("{}", names.slots[&p.view]))
        .collect();
    let (ty, result) = match &slots[..] {
        [slot] => {
            let ty = array(&program.outputs[0]);
            (quote!(&#ty), quote!(self.arena.read(slots::#slot)))
        }
        _ => {
            let ty = format_ident!("{}", names.outputs);
            let fields = names.output_fields.iter().map(|f| format_ident!("{f}"));
            (
                quote!(#ty<'_>),
                quote!(#ty { #(#fields: self.arena.read(slots::#slots)),* }),
            )
        }
    };
    let mut used = vec![quote!(slots)];
    let mut prelude = quote!();
    if !program.calls.is_empty() {
        used.insert(0, quote!(layers));
        prelude = quote! {
            use runtime_core::{Simd, kernels};
            let simd = Simd::detect();
            let arena = &mut self.arena;
        };
    }
    if !names.weights.is_empty() {
        used.push(quote!(weights));
    }
    let many = (program.inputs.len() > MOST_ARGUMENTS).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    quote! {
        #docs
        #many
        pub fn run(&mut self, #(#arguments),*) -> #ty {
            use #module::{#(#used),*};
            #prelude
            #(#calls)*
            #result
        }
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
