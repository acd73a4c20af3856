use super::identifiers::plain;
use super::names::ModelNames;
use super::source::{Source, print};
use crate::back::plan::Plan;
use crate::back::report::{CallReport, Report, dims};
use crate::ir::program::{Program, Value};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeSet;

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
pub(super) fn module(program: &Program, plan: &Plan, report: &Report, names: &ModelNames) -> String {
    let mut out = Source::default();
    out.begin("/// Parameters of the kernel calls.\npub mod layers {");
    let imports = imports(program);
    if !imports.is_empty() {
        let imports = imports.iter().map(|i| format_ident!("{i}"));
        out.text(&print(quote! { use runtime_core::params::{#(#imports),*}; }));
    }
    for (index, call) in plan.order.iter().zip(&report.calls) {
        let kernel = &program.calls[*index].kernel;
        let params = kernel.params();
        let ty = type_of(&params, &kernel.const_generics());
        let value = tokens(&params);
        let ident = format_ident!("{}", names.layers[*index]);
        let constant = print(quote! { pub const #ident: #ty = #value; });
        let described = described(call) + &constant;
        out.line("");
        out.text(&if call.specialised {
            as_type(&described)
        } else {
            described
        });
    }
    out.end("}");
    out.finish()
}

/// What the call gives, and the ONNX nodes that it stands for.
fn described(call: &CallReport) -> String {
    let nodes: Vec<_> = call.nodes.iter().map(|node| format!("`{}`", plain(node))).collect();
    let steps = call.scale.zip(call.zero_point);
    let steps = steps.map_or_else(String::new, |(scale, zero)| {
        format!(", scale {scale:e}, zero point {zero}")
    });
    let (output, dtype) = (dims(&call.output), &call.dtype);
    let part = call.part.as_ref().map_or(String::new(), |part| format!("; {part}"));
    format!("/// Gives {output} {dtype}{steps}: {}{part}.\n", nodes.join(", "))
}

/// A documented `pub const Name: Type = value;` as a call of `layer!`.
fn as_type(constant: &str) -> String {
    let constant = constant
        .trim_end()
        .trim_end_matches(';')
        .replacen("\npub const ", "\npub ", 1);
    let lines: String = constant.lines().map(|line| format!("    {line}\n")).collect();
    format!("runtime_core::layer!(\n{lines});\n")
}

fn collect_types(value: &Value, names: &mut BTreeSet<&'static str>) {
    match value {
        Value::Struct(name, fields) => {
            names.insert(name);
            fields.iter().for_each(|(_, v)| collect_types(v, names));
        }
        Value::Variant(name, _) if name.starts_with(char::is_uppercase) => {
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
                    let value = tokens(value);
                    if *field == Value::BASE {
                        return quote!(..#value);
                    }
                    let field = format_ident!("{field}");
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

#[cfg(test)]
mod tests {
    use super::{Value, collect_types, tokens};
    use runtime_core::requantize::Requantize;
    use std::collections::BTreeSet;

    fn printed(value: &Value) -> String {
        tokens(value).to_string().replace(' ', "")
    }

    #[test]
    fn fields_that_say_nothing_are_not_printed() {
        let of = |requantize: Requantize| printed(&Value::of(&requantize));
        let to_bytes = Requantize {
            shift: 36,
            zero: -128,
            ..Requantize::I8
        };
        assert_eq!(of(to_bytes), "Requantize{shift:36,zero:-128,..Requantize::I8}");
        let relu = Requantize {
            min: 3,
            outside: -7,
            ..Requantize::I16
        };
        assert_eq!(of(relu), "Requantize{shift:1,min:3,outside:-7,..Requantize::I16}");
    }

    #[test]
    fn what_is_no_bound_is_named() {
        #[derive(serde::Serialize)]
        struct Limits {
            min: i32,
            max: i32,
        }
        let value = Value::of(&Limits {
            min: i32::MIN,
            max: i32::MAX,
        });
        assert_eq!(printed(&value), "Limits{min:i32::MIN,max:i32::MAX}");
        let mut imports = BTreeSet::new();
        collect_types(&value, &mut imports);
        assert_eq!(imports, ["Limits"].into());
    }
}
