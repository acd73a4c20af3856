//! What is kept from one call of `run` to the next.

use super::names::ModelNames;
use crate::ir::DType;
use crate::ir::program::Program;
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// `reset` and `reset_in`, for a model with states and an arena of so many bytes.
pub(super) fn reset(program: &Program, names: &ModelNames, bytes: &Literal) -> Option<TokenStream> {
    let module = format_ident!("{}", names.module);
    let fills = program.states.iter().map(|state| {
        let slot = format_ident!("{}", names.slots[&state.view]);
        let zero = zero(state.ty.dtype);
        quote!(arena.write(slots::#slot).fill(#zero);)
    });
    let fills: Vec<_> = fills.collect();
    (!fills.is_empty()).then(|| {
        quote! {
            /// Begins anew: the states are zeros again, as in a new model.
            pub fn reset(&mut self) {
                Self::reset_in(&mut self.arena);
            }

            /// [`reset`](Self::reset) of an arena that is elsewhere.
            pub fn reset_in(arena: &mut runtime_core::Arena<#bytes>) {
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
