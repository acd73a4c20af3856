//! Names that try to leave their place in the emitted source.

use super::build::{graph, model, node, value};
use super::{compile_as, survives};
use edgec::front::proto::*;
use proc_macro2::{TokenStream, TokenTree};
use prost::Message;

#[test]
fn names_from_hell() {
    let names = [
        "fn",
        "self",
        "Self",
        "crate",
        "_",
        "*/",
        "/*",
        "\"; evil()",
        "'",
        "\\",
        "\n",
        "\r\n//",
        "\0",
        "{}",
        "{0:?}",
        "r#fn",
        "🦀",
        "日本語",
        "\u{202e}rtl",
        "\u{200d}",
        "1st",
        "../../etc/passwd",
        "a b",
        "%s%n",
        "<b>",
        "`",
        "|",
    ];
    for name in names.into_iter().map(str::to_owned).chain(["n".repeat(100_000)]) {
        let nodes = vec![
            NodeProto {
                name: Some(name.clone()),
                ..node("Neg", &[&name], &["t"])
            },
            NodeProto {
                name: Some(name.clone()),
                ..node("Abs", &["t"], &[&format!("{name}.out")])
            },
        ];
        let graph = GraphProto {
            name: Some(name.clone()),
            input: vec![value(&name, &[4])],
            output: vec![value(&format!("{name}.out"), &[4])],
            doc_string: Some(name.clone()),
            ..graph(nodes)
        };
        let what = format!("the name {:?}", name.chars().take(40).collect::<String>());
        let bytes = model(graph).encode_to_vec();
        let source = survives(&what, &bytes).unwrap();
        let named = compile_as(&name, &bytes).unwrap();
        for source in [source, named] {
            assert!(is_tame(&source), "{what} leaves its place:\n{source}");
        }
    }
}

/// Whether the tokens and comments of emitted source are what an emitter writes: nothing that the hostile names spell,
/// no character beyond printable ASCII, no line of unreasonable length.
fn is_tame(source: &str) -> bool {
    fn calls(tokens: TokenStream, name: &str) -> bool {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let found = match (&token, tokens.peek()) {
                (TokenTree::Ident(ident), Some(TokenTree::Group(group))) if ident == name => group.stream().is_empty(),
                (TokenTree::Group(group), _) => calls(group.stream(), name),
                _ => false,
            };
            if found {
                return true;
            }
        }
        false
    }
    let printable = source.chars().all(|c| matches!(c, ' '..='~' | '\n'));
    let short = source.lines().all(|line| line.len() < 1000);
    let block_comments = source.lines().any(|line| {
        let line = line.trim_start();
        !line.starts_with("//") && (line.contains("/*") || line.contains("*/"))
    });
    printable && short && !block_comments && !calls(source.parse().unwrap(), "evil")
}

#[test]
fn a_struct_does_not_hide_what_rust_names() {
    let bytes = model(graph(vec![node("Neg", &["x"], &["y"])])).encode_to_vec();
    let source = compile_as("Result", &bytes).unwrap();
    assert!(source.contains("struct Result2"), "{source}");
}
