//! What is kept from one call of `run` to the next.

use super::Options;
use super::interface::doc;
use super::names::ModelNames;
use super::weights;
use crate::ir::DType;
use crate::ir::program::Program;
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// `reset` and `reset_in`, for a model with states and an arena of so many bytes.
pub(super) fn reset(program: &Program, names: &ModelNames, options: &Options, bytes: &Literal) -> Option<TokenStream> {
    if program.states.is_empty() {
        return None;
    }
    let module = format_ident!("{}", names.module);
    let fills = program.states.iter().enumerate().map(|(index, state)| {
        let slot = format_ident!("{}", names.slots[&state.view]);
        match program.initial.iter().find(|(of, _)| *of == index) {
            Some((_, from)) => {
                let from = weights::reference(names, options, from.buffer);
                quote!(copy(arena.write(slots::#slot), #from);)
            }
            None => {
                let zero = zero(state.ty.dtype);
                quote!(arena.write(slots::#slot).fill(#zero);)
            }
        }
    });
    let fills: Vec<_> = fills.collect();
    let (import, copy, text) = match program.initial.is_empty() {
        true => (
            quote!(use #module::slots;),
            None,
            "the states are zeros again, as in a new model.",
        ),
        false => (
            quote!(use #module::{slots, weights};),
            Some(copy()),
            match program.training {
                Some(_) => "the parameters are those of a new model again, and all other states are zeros.",
                None => "the states are what they are in a new model.",
            },
        ),
    };
    let started = program.started.map(|view| {
        let slot = format_ident!("{}", names.slots[&view]);
        quote!(*arena.write(slots::#slot) = [1];)
    });
    let text = doc(&format!("Begins anew: {text}"));
    Some(quote! {
        #text
        pub fn reset(&mut self) {
            Self::reset_in(&mut self.arena);
        }

        /// [`reset`](Self::reset) of an arena that is elsewhere.
        pub fn reset_in(arena: &mut runtime_core::Arena<#bytes>) {
            #import
            #copy
            #(#fills)*
            #started
        }
    })
}

/// The statement that lets the states begin, unless they have: an arena of zeros has nothing in it yet.
pub(super) fn start(program: &Program, names: &ModelNames) -> Option<TokenStream> {
    let slot = format_ident!("{}", names.slots[&program.started?]);
    Some(quote! {
        if *arena.read(slots::#slot) == [0] {
            Self::reset_in(arena);
        }
    })
}

/// A function that copies as many elements as both have: no length can be wrong.
fn copy() -> TokenStream {
    quote! {
        fn copy<T: Copy>(to: &mut [T], from: &[T]) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
    }
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
