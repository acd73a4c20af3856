//! Tables of what outputs stand for.

use super::identifiers::plain;
use super::interface::doc;
use super::names::ModelNames;
use crate::ir::program::Program;
use crate::ir::{Classes, Labels};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// A constant for each output that stands for classes: `.._NAMES` for those that have names, `.._CLASSES` for those
/// that are numbers.
pub(super) fn tables(program: &Program, names: &ModelNames) -> TokenStream {
    let outputs = program.outputs.iter().zip(&names.ports[program.inputs.len()..]);
    let tables = outputs.filter_map(|(port, name)| {
        let labels = program.labels.get(&port.name)?;
        Some(table(&plain(&port.name), name, labels))
    });
    tables.collect()
}

fn table(output: &str, name: &str, labels: &Labels) -> TokenStream {
    let len = Literal::usize_unsuffixed(labels.classes.len());
    let whose = if labels.of_columns {
        format!("the columns of output `{output}`, in order")
    } else {
        format!("what the integers of output `{output}` stand for: integer `i` is name number `i`")
    };
    match &labels.classes {
        Classes::Names(texts) => {
            let name = format_ident!("{name}_NAMES");
            let doc = doc(&format!("Names of {whose}."));
            let texts = texts.iter().map(|text| literal(text));
            quote! {
                #doc
                pub const #name: [&'static str; #len] = [#(#texts),*];
            }
        }
        Classes::Numbers(numbers) => {
            let name = format_ident!("{name}_CLASSES");
            let doc = doc(&format!("Classes of {whose}."));
            let numbers = numbers.iter().map(|number| Literal::i64_unsuffixed(*number));
            quote! {
                #doc
                pub const #name: [i64; #len] = [#(#numbers),*];
            }
        }
    }
}

/// A string literal in ASCII: what the model says may hold characters that change how source is shown.
fn literal(text: &str) -> Literal {
    let escaped = format!("\"{}\"", text.escape_default());
    escaped.parse().unwrap_or_else(|_| Literal::string(""))
}

#[cfg(test)]
mod tests {
    use super::{Classes, Labels, literal, table};

    #[test]
    fn text_of_the_model_stays_inside_of_its_literal() {
        assert_eq!(literal("a\"]; fn f\\\n").to_string(), r#""a\"]; fn f\\\n""#);
        assert_eq!(literal("caf\u{e9}\u{202e}").to_string(), r#""caf\u{e9}\u{202e}""#);
    }

    #[test]
    fn numbers_and_names() {
        let of = |classes, of_columns| table("y", "Y", &Labels { classes, of_columns }).to_string();
        let numbers = of(Classes::Numbers(vec![7, -1]), true);
        assert!(
            numbers.contains("pub const Y_CLASSES : [i64 ; 2] = [7 , - 1]"),
            "{numbers}"
        );
        let names = of(Classes::Names(vec!["no".into()]), false);
        assert!(names.contains("Y_NAMES : [& 'static str ; 1] = [\"no\"]"), "{names}");
    }
}
