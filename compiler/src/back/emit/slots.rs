use super::names::ModelNames;
use super::source::{Source, print};
use crate::back::plan::Plan;
use crate::ir::DType;
use crate::ir::program::{Program, View};
use proc_macro2::Literal;
use quote::{format_ident, quote};

/// `mod slots`: one constant a view of the arena.
pub(super) fn module(program: &Program, plan: &Plan, names: &ModelNames) -> String {
    let mut out = Source::default();
    let shared = match names.overlaps.is_empty() {
        true => "",
        false => "/// An `_OVERLAP` is what the input and the output of a call share that computes row by row.\n",
    };
    let about = "/// Places in the arena. A call whose operands overlap does not compile.\n";
    out.begin(&format!("{about}{shared}pub mod slots {{"));
    let mut imports = vec!["Slot"];
    let places = places(program, plan, names);
    for (_, dtype, ..) in &places {
        let name = dtype.rust_name();
        if ["f16", "bf16", "Bool"].contains(&name) && !imports.contains(&name) {
            imports.push(name);
        }
    }
    imports.sort_unstable();
    let imports = imports.iter().map(|i| format_ident!("{i}"));
    if !places.is_empty() {
        out.text(&print(quote! { use runtime_core::{#(#imports),*}; }));
        out.line("");
    }
    for (name, dtype, offset, len) in places {
        let (name, ty) = (format_ident!("{name}"), format_ident!("{}", dtype.rust_name()));
        let [offset, len] = [offset, len].map(Literal::usize_unsuffixed);
        out.text(&print(
            quote! { pub const #name: Slot<#ty, #offset, #len> = Slot::NEW; },
        ));
    }
    out.end("}");
    out.finish()
}

/// The name of each slot, the type of its elements, its first byte and how many elements it has: the views, then what
/// inputs and outputs share.
fn places<'n>(program: &Program, plan: &Plan, names: &'n ModelNames) -> Vec<(&'n str, DType, usize, usize)> {
    let start = |view: &View| {
        let base = plan.offsets[view.buffer.0].unwrap_or_default();
        base + view.offset * program.buffer(view.buffer).dtype.size()
    };
    let views = names.slot_order.iter().map(|view| {
        let dtype = program.buffer(view.buffer).dtype;
        (names.slots[view].as_str(), dtype, start(view), view.len)
    });
    let shared = names.overlaps.iter().map(|(index, name)| {
        let call = &program.calls[*index];
        let both = [call.inputs[0], call.outputs[0]];
        let dtype = program.buffer(both[0].buffer).dtype;
        let first = both.iter().map(start).min().unwrap_or_default();
        let end = both.iter().map(|view| start(view) + view.len * dtype.size()).max();
        let len = (end.unwrap_or_default() - first) / dtype.size();
        (name.as_str(), dtype, first, len)
    });
    views.chain(shared).collect()
}
