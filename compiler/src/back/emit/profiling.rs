//! Models that tell when each of their kernel calls has ended: `run_profiled`.

use super::interface::MOST_ARGUMENTS;
use crate::back::report::Report;
use crate::ir::program::Program;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

/// What tells that the call at this place has ended.
pub(super) fn ended(place: usize) -> TokenStream {
    let place = Literal::usize_unsuffixed(place);
    quote!(after(#place);)
}

/// The names of the calls.
pub(super) fn names(program: &Program, report: &Report) -> TokenStream {
    let names = report.calls[..program.inference_calls()].iter().map(|call| &call.name);
    let count = Literal::usize_unsuffixed(program.inference_calls());
    quote! {
        /// Names of the kernel calls of [`run`](Self::run), in the order in which they run.
        pub const CALLS: [&'static str; #count] = [#(#names),*];
    }
}

/// The body of `run_in`, which passes on these arguments.
pub(super) fn run_in(passed: &[Ident]) -> TokenStream {
    quote!(Self::run_hooked(arena #(, #passed)*, |_| ()))
}

/// What `run` takes and gives: for `run_profiled` and, with the arena, for `run_hooked`.
pub(super) struct Signature<'a> {
    pub(super) outer: (&'a [TokenStream], &'a TokenStream),
    pub(super) inner: (&'a [TokenStream], &'a TokenStream),
    pub(super) lifetime: Option<&'a TokenStream>,
    pub(super) bytes: &'a Literal,
}

/// `run_profiled`, and `run_hooked`, which has the calls.
pub(super) fn methods(signature: &Signature<'_>, passed: &[Ident], calls: &TokenStream, any: bool) -> TokenStream {
    let Signature {
        outer: (outer, ty),
        inner: (inner, ty_in),
        lifetime,
        bytes,
    } = signature;
    let generics = lifetime.map(|lifetime| quote!(<#lifetime>));
    let many = (passed.len() + 2 > MOST_ARGUMENTS).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let after = format_ident!("{}", if any { "after" } else { "_after" });
    let mutable = any.then(|| quote!(mut));
    quote! {
        /// [`run`](Self::run), which tells when each kernel call has ended, by its index in [`CALLS`](Self::CALLS): a
        /// program that reads a clock there knows what each takes. A call in a loop tells it each time.
        #many
        pub fn run_profiled(&mut self, #(#outer,)* after: impl FnMut(usize)) -> #ty {
            Self::run_hooked(&mut self.arena #(, #passed)*, after)
        }

        /// The kernel calls of [`run`](Self::run).
        #many
        fn run_hooked #generics (
            arena: &#lifetime mut runtime_core::Arena<#bytes>
            #(, #inner)*,
            #mutable #after: impl FnMut(usize)
        ) -> #ty_in {
            #calls
        }
    }
}
