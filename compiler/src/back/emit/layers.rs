use super::Options;
use super::names::ModelNames;
use super::source::{Source, print};
use crate::back::plan::Plan;
use crate::ir::program::{Call, Program, Value};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeSet;

/// Whether a call's parameters are a type of their own, so that rustc compiles a copy of the kernel for it.
pub(super) fn specialised(program: &Program, call: &Call, options: &Options) -> bool {
    let copies = || {
        program
            .calls
            .iter()
            .filter(|c| c.kernel.name() == call.kernel.name())
            .count()
    };
    call.kernel.specialises() && copies() <= options.most_copies
}

/// Types that parameters are made of, which `mod layers` imports.
pub(super) fn imports(program: &Program) -> BTreeSet<&'static str> {
    let mut imports = BTreeSet::new();
    program
        .calls
        .iter()
        .for_each(|call| collect_types(&call.kernel.params(), &mut imports));
    imports
}

/// `mod layers`: the parameters of each call, as a constant or as a type.
pub(super) fn module(program: &Program, plan: &Plan, names: &ModelNames, options: &Options) -> String {
    let mut out = Source::default();
    let imports = imports(program);
    let mut items = vec![];
    for index in &plan.order {
        let call = &program.calls[*index];
        let params = call.kernel.params();
        let ty = type_of(&params, &call.kernel.const_generics());
        let value = tokens(&params);
        let ident = format_ident!("{}", names.layers[*index]);
        let constant = print(quote! { pub const #ident: #ty = #value; });
        items.push(if specialised(program, call, options) {
            as_type(&constant)
        } else {
            constant
        });
    }
    out.begin("/// Parameters of the kernel calls.\npub mod layers {");
    if !imports.is_empty() {
        let imports = imports.iter().map(|i| format_ident!("{i}"));
        out.text(&print(quote! { use runtime_core::params::{#(#imports),*}; }));
        out.line("");
    }
    for item in items {
        out.text(&item);
    }
    out.end("}");
    out.finish()
}

/// `pub const Name: Type = value;` as a call of `layer!`.
fn as_type(constant: &str) -> String {
    let inner = constant
        .trim_end()
        .trim_start_matches("pub const ")
        .trim_end_matches(';');
    format!("runtime_core::layer!(pub {inner});\n")
}

fn collect_types(value: &Value, names: &mut BTreeSet<&'static str>) {
    match value {
        Value::Struct(name, fields) => {
            names.insert(name);
            fields.iter().for_each(|(_, v)| collect_types(v, names));
        }
        Value::Variant(name, _) => {
            names.insert(name);
        }
        Value::Array(values) => values.iter().for_each(|v| collect_types(v, names)),
        _ => {}
    }
}

/// A nested struct is a type parameter of the one that holds it.
fn type_of(value: &Value, const_generics: &[usize]) -> TokenStream {
    let Value::Struct(name, fields) = value else {
        return TokenStream::new();
    };
    let name = format_ident!("{name}");
    let nested = fields
        .iter()
        .filter(|(_, v)| matches!(v, Value::Struct(..)))
        .map(|(_, v)| type_of(v, &[]));
    let consts = const_generics.iter().map(|n| {
        let n = Literal::usize_unsuffixed(*n);
        quote!(#n)
    });
    let arguments: Vec<_> = nested.chain(consts).collect();
    if arguments.is_empty() {
        quote!(#name)
    } else {
        quote!(#name<#(#arguments),*>)
    }
}

fn tokens(value: &Value) -> TokenStream {
    match value {
        Value::Struct(name, fields) => {
            let name = format_ident!("{name}");
            let fields: Vec<_> = fields
                .iter()
                .map(|(field, value)| {
                    let (field, value) = (format_ident!("{field}"), tokens(value));
                    quote!(#field: #value)
                })
                .collect();
            if fields.is_empty() {
                quote!(#name)
            } else {
                quote!(#name { #(#fields),* })
            }
        }
        Value::Variant(name, variant) => {
            let (name, variant) = (format_ident!("{name}"), format_ident!("{variant}"));
            quote!(#name::#variant)
        }
        Value::Array(values) => {
            let values = values.iter().map(tokens);
            quote!([#(#values),*])
        }
        Value::Int(v) => signed(*v < 0, Literal::u128_unsuffixed(v.unsigned_abs())),
        Value::Bool(v) => quote!(#v),
        Value::F32(v) => float(
            f64::from(*v),
            v.is_finite().then(|| Literal::f32_unsuffixed(v.abs())),
            quote!(f32),
        ),
        Value::F64(v) => float(*v, v.is_finite().then(|| Literal::f64_unsuffixed(v.abs())), quote!(f64)),
    }
}

fn signed(negative: bool, magnitude: Literal) -> TokenStream {
    if negative {
        quote!(-#magnitude)
    } else {
        quote!(#magnitude)
    }
}

fn float(value: f64, magnitude: Option<Literal>, ty: TokenStream) -> TokenStream {
    match magnitude {
        Some(magnitude) => signed(value.is_sign_negative(), magnitude),
        None if value.is_nan() => quote!(#ty::NAN),
        None if value > 0.0 => quote!(#ty::INFINITY),
        None => quote!(#ty::NEG_INFINITY),
    }
}
