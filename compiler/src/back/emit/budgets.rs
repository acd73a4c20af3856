use super::interface::separated;
use super::names::ModelNames;
use crate::back::report::Report;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// What rustc checks again of the memory that the model was compiled for.
pub(super) fn assertions(report: &Report, names: &ModelNames) -> Vec<TokenStream> {
    let model = format_ident!("{}", names.model);
    let ram = report.ram_budget.map(|budget| {
        let [inputs, budget] = [report.input_bytes, budget].map(|bytes| separated(bytes as u64));
        quote! {
            const _: () = assert!(
                #model::RAM + #inputs <= #budget,
                "arena and inputs take more than the RAM that this was compiled for"
            );
        }
    });
    let flash = report.flash_budget.map(|budget| {
        let budget = separated(budget as u64);
        quote! {
            const _: () = assert!(
                #model::WEIGHTS <= #budget,
                "weights take more than the flash that this was compiled for"
            );
        }
    });
    ram.into_iter().chain(flash).collect()
}
