//! What is kept from one call of `run` to the next.

use super::names::ModelNames;
use crate::ir::DType;
use crate::ir::program::Program;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// `reset`, for a model with states.
pub(super) fn reset(program: &Program, names: &ModelNames) -> Option<TokenStream> {
    let module = format_ident!("{}", names.module);
    let fills = program.states.iter().map(|state| {
        let slot = format_ident!("{}", names.slots[&state.view]);
        let zero = zero(state.ty.dtype);
        quote!(self.arena.write(slots::#slot).fill(#zero);)
    });
    let fills: Vec<_> = fills.collect();
    (!fills.is_empty()).then(|| {
        quote! {
            /// Begins anew: the states are zeros again, as in a new model.
            pub fn reset(&mut self) {
                use #module::slots;
                #(#fills)*
            }
        }
    })
}

fn zero(dtype: DType) -> TokenStream {
    match dtype {
        DType::F32 | DType::F64 => quote!(0.0),
        DType::F16 => quote!(runtime_core::f16::ZERO),
        DType::Bf16 => quote!(runtime_core::bf16::ZERO),
        DType::Bool => quote!(runtime_core::Bool::default()),
        _ => quote!(0),
    }
}
