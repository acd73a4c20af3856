//! Models that take threads: `set_threads`, and `run` on one of them.

use super::interface::MOST_ARGUMENTS;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// `set_threads`.
pub(super) fn setter() -> TokenStream {
    quote! {
        /// Lets these threads compute rows of layers side by side: `Threads::available()`, or `Threads::new(2)`, with the
        /// feature `threads` of runtime-core. A new model has one thread, that of the caller. Results are the same bits
        /// for any number of them.
        pub fn set_threads(&mut self, threads: runtime_core::Threads) {
            self.threads = threads;
        }
    }
}

/// The body of `run`, which passes on these arguments.
pub(super) fn run(passed: &[Ident]) -> TokenStream {
    quote! {
        let Self { arena, threads } = self;
        threads.run(|| Self::run_by(threads, arena #(, #passed)*))
    }
}

/// The body of `run_in`.
pub(super) fn run_in(passed: &[Ident]) -> TokenStream {
    quote!(Self::run_by(&runtime_core::Threads::ONE, arena #(, #passed)*))
}

/// `run_by`, which has the calls of the model, some of them divided or none.
pub(super) fn run_by(
    bytes: &Literal,
    arguments: &[TokenStream],
    ty: &TokenStream,
    calls: &TokenStream,
    any_divided: bool,
) -> TokenStream {
    let threads = if any_divided { quote!(threads) } else { quote!(_threads) };
    let many = (arguments.len() + 2 > MOST_ARGUMENTS).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    quote! {
        /// [`run`](Self::run) in an arena and by threads that are elsewhere: several models can share them. Within
        /// `threads.run(|| ..)` they stay awake from layer to layer.
        #many
        pub fn run_by<'a>(
            #threads: &runtime_core::Threads,
            arena: &'a mut runtime_core::Arena<#bytes>
            #(, #arguments)*
        ) -> #ty {
            #calls
        }
    }
}
