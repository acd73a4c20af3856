use super::names::ModelNames;
use super::source::{Source, print};
use crate::back::plan::Plan;
use crate::ir::program::Program;
use quote::{format_ident, quote};

/// `mod slots`: one constant a view of the arena.
pub(super) fn module(program: &Program, plan: &Plan, names: &ModelNames) -> String {
    let mut out = Source::default();
    out.begin("/// Places in the arena. A call whose operands overlap does not compile.\npub mod slots {");
    let mut imports = vec!["Slot"];
    for view in &names.slot_order {
        let name = program.buffer(view.buffer).dtype.rust_name();
        if ["f16", "bf16", "Bool"].contains(&name) && !imports.contains(&name) {
            imports.push(name);
        }
    }
    imports.sort_unstable();
    let imports = imports.iter().map(|i| format_ident!("{i}"));
    if !names.slot_order.is_empty() {
        out.text(&print(quote! { use runtime_core::{#(#imports),*}; }));
        out.line("");
    }
    for view in &names.slot_order {
        let buffer = program.buffer(view.buffer);
        let name = format_ident!("{}", names.slots[view]);
        let ty = format_ident!("{}", buffer.dtype.rust_name());
        let base = plan.offsets[view.buffer.0].unwrap_or_default();
        let offset = proc_macro2::Literal::usize_unsuffixed(base + view.offset * buffer.dtype.size());
        let len = proc_macro2::Literal::usize_unsuffixed(view.len);
        out.text(&print(
            quote! { pub const #name: Slot<#ty, #offset, #len> = Slot::NEW; },
        ));
    }
    out.end("}");
    out.finish()
}
