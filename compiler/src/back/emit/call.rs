use super::Options;
use super::interface::separated;
use super::names::{ModelNames, written};
use super::{profiling, weights};
use crate::back::plan::Plan;
use crate::back::threads::residual;
use crate::ir::program::{Call, Program, Step, Storage, View};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use runtime_core::Overlap;
use std::ops::Range;

/// The statements of a range of steps.
pub(super) fn statements(
    program: &Program,
    plan: &Plan,
    names: &ModelNames,
    options: &Options,
    range: Range<usize>,
) -> TokenStream {
    let statements = program.steps(range).into_iter().map(|step| match step {
        Step::Call(place) => {
            let call = call(program, plan, names, options, plan.order[place]);
            let ended = options.profiling.then(|| profiling::ended(place));
            quote!(#call #ended)
        }
        Step::Repeat(repetition) => {
            let going = format_ident!("{}", names.slots[&repetition.going]);
            // A number without a suffix would be an `i32`.
            let most = match u32::try_from(repetition.most) {
                Ok(most) if i32::try_from(most).is_ok() => separated(most.into()),
                Ok(most) => Literal::u32_suffixed(most),
                Err(_) => Literal::u64_suffixed(repetition.most as u64),
            };
            let repeated = statements(program, plan, names, options, repetition.calls.clone());
            quote! {
                for _ in 0..#most {
                    if !arena.read(slots::#going)[0].get() {
                        break;
                    }
                    #repeated
                }
            }
        }
    });
    statements.collect()
}

/// The statements of one kernel call.
fn call(program: &Program, plan: &Plan, names: &ModelNames, options: &Options, index: usize) -> TokenStream {
    let call = &program.calls[index];
    let in_place = plan.in_place[index];
    let overlap = plan.overlaps[index];
    let operands = call.inputs.iter().enumerate();
    let operands: Vec<View> = operands
        .filter(|(i, _)| !(in_place && call.in_place == Some(*i) || overlap.is_some() && *i == 0))
        .map(|(_, v)| *v)
        .collect();
    let mut read: Vec<View> = vec![];
    for view in &operands {
        if program.buffer(view.buffer).storage.is_in_arena() && !read.contains(view) {
            read.push(*view);
        }
    }
    let arguments = operands.iter().map(|view| match &program.buffer(view.buffer).storage {
        Storage::Input(i) => {
            let name = format_ident!("{}", names.inputs[*i]);
            part(program, view, &quote!(#name)).unwrap_or(quote!(#name))
        }
        Storage::Constant(_) => part(program, view, &weights::path(names, options, view.buffer))
            .unwrap_or_else(|| weights::reference(names, options, view.buffer)),
        Storage::Arena | Storage::State => {
            let name = read
                .iter()
                .position(|v| v == view)
                .map(|i| format_ident!("{}", names.operands[i]));
            quote!(#name)
        }
    });
    let written: Vec<_> = (0..call.outputs.len())
        .map(|i| format_ident!("{}", written(i)))
        .collect();
    let shared = names.overlaps.get(&index).cloned();
    let own = call.outputs.iter().skip(usize::from(shared.is_some()));
    let outputs: Vec<String> = shared
        .into_iter()
        .chain(own.map(|view| names.slots[view].clone()))
        .collect();
    let binding = bind(names, &read, &outputs, &written);
    let function = match (in_place, call.kernel.in_place_name()) {
        (true, Some(name)) => format_ident!("{name}"),
        _ => format_ident!("{}", call.kernel.name()),
    };
    let layer = format_ident!("{}", names.layers[index]);
    if let Some(overlap) = overlap {
        let x = format_ident!("{}", names.operands[read.len()]);
        let arguments = arguments.collect::<Vec<_>>();
        let rows = by_rows(call, overlap, &function, &layer, (&x, &arguments), &written);
        return quote!(#binding #rows);
    }
    if call.instance.divided {
        let arguments: Vec<_> = arguments.collect();
        let divided = divided(call, names, &function, &layer, arguments, &written[0]);
        return quote!(#binding #divided);
    }
    let reference = call.kernel.by_reference().then(|| quote!(&));
    quote! {
        #binding
        kernels::#function(simd, #reference layers::#layer, #(#arguments,)* #(#written),*);
    }
}

/// A call whose rows are divided among threads: the closure computes some of them, and sees all weights.
fn divided(
    call: &Call,
    names: &ModelNames,
    function: &Ident,
    layer: &Ident,
    mut arguments: Vec<TokenStream>,
    y: &Ident,
) -> TokenStream {
    let reference = call.kernel.by_reference().then(|| quote!(&));
    let [a, b] = [0, 1].map(|index| format_ident!("{}", names.operands[index]));
    let x = std::mem::replace(&mut arguments[0], quote!(#a));
    let Some(index) = residual(call) else {
        return quote! {
            threads.divide(layers::#layer, #x, #y, |layer, #a, #y| {
                kernels::#function(simd, #reference layer, #(#arguments,)* #y);
            });
        };
    };
    let residual = std::mem::replace(&mut arguments[index], quote!(#b));
    quote! {
        threads.divide_with_residual(layers::#layer, #x, #residual, #y, |layer, #a, #b, #y| {
            kernels::#function(simd, #reference layer, #(#arguments,)* #y);
        });
    }
}

/// A call whose output overwrites its input row by row: the closure computes some rows, and sees all weights.
fn by_rows(
    call: &Call,
    overlap: Overlap,
    function: &Ident,
    layer: &Ident,
    (x, arguments): (&Ident, &[TokenStream]),
    written: &[Ident],
) -> TokenStream {
    let copied = (!call.kernel.by_reference()).then(|| quote!(*));
    let Overlap {
        input,
        output,
        rows,
        step,
    } = overlap;
    let [input, output, rows, step] = [input, output, rows, step].map(|number| separated(number as u64));
    let y = &written[0];
    quote! {
        let rows = Overlap { input: #input, output: #output, rows: #rows, step: #step };
        rows.run(&layers::#layer, #y, |layer, #x, #y| {
            kernels::#function(simd, #copied layer, #x, #(#arguments,)* #(#written),*);
        });
    }
}

/// Some elements of an input or a constant: `None` for all of them, which are an array of known length.
fn part(program: &Program, view: &View, whole: &TokenStream) -> Option<TokenStream> {
    if view.offset == 0 && view.len == program.buffer(view.buffer).len {
        return None;
    }
    let [first, end] = [view.offset, view.offset + view.len].map(|index| separated(index as u64));
    Some(quote!(#whole.get(#first..#end).unwrap_or_default()))
}

/// Borrows the call's slots from the arena.
fn bind(names: &ModelNames, read: &[View], write: &[String], written: &[Ident]) -> TokenStream {
    let slots = |slots: &[String]| {
        let slots: Vec<_> = slots.iter().map(|name| format_ident!("{name}")).collect();
        match &slots[..] {
            [slot] => quote!(slots::#slot),
            _ => quote!((#(slots::#slots),*)),
        }
    };
    let tuple = |idents: &[Ident]| match idents {
        [one] => quote!(#one),
        _ => quote!((#(#idents),*)),
    };
    let (outputs, y) = (slots(write), tuple(written));
    if read.is_empty() {
        return quote!(let #y = arena.write(#outputs););
    }
    let x: Vec<_> = names.operands[..read.len()]
        .iter()
        .map(|n| format_ident!("{n}"))
        .collect();
    let read: Vec<_> = read.iter().map(|view| names.slots[view].clone()).collect();
    let (inputs, x) = (slots(&read), tuple(&x));
    quote!(let (#x, #y) = arena.io(#inputs, #outputs);)
}
