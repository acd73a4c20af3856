//! Weights that are no part of the source: their places in one block, and the hash of the code that reads them.

use super::Options;
use super::interface::{doc, separated};
use super::names::ModelNames;
use super::weights::data;
use crate::back::report::Report;
use crate::ir::program::{BufferId, Program};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use std::fmt::Write;

/// All constant tensors of a program that has them outside of its source, and what they are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The tensors, each at its place.
    pub bytes: Vec<u8>,
    /// SHA-256 of the code that reads them.
    pub structure: [u8; 32],
}

/// The tensors' bytes, and one constant per tensor that says where it is, with `described` above it.
pub(super) fn places(
    program: &Program,
    names: &ModelNames,
    alignment: usize,
    described: impl Fn(BufferId) -> String,
) -> (String, Vec<u8>) {
    let (mut text, mut bytes) = (String::new(), vec![]);
    for id in &names.weight_order {
        let (buffer, name) = (program.buffer(*id), &names.weights[id].name);
        bytes.resize(bytes.len().next_multiple_of(alignment), 0);
        let (ty, len, offset) = (buffer.dtype.rust_name(), buffer.len, bytes.len());
        let _ = writeln!(text, "\n/// {}", described(*id));
        let _ = writeln!(text, "pub const {name}: Slot<{ty}, {offset}, {len}> = Slot::NEW;");
        bytes.extend_from_slice(data(buffer));
    }
    (text, bytes)
}

/// What `run` takes the weights as.
pub(super) fn argument(names: &ModelNames) -> TokenStream {
    let weights = format_ident!("{}", names.verified);
    quote!(weights: &#weights<'_>)
}

/// The type of verified weights, and what they are checked against.
pub(super) fn items(names: &ModelNames, bytes: usize, structure: &[u8; 32]) -> [TokenStream; 2] {
    let (model, weights) = (format_ident!("{}", names.model), format_ident!("{}", names.verified));
    let text = doc(&format!(
        "Weights of [`{model}`], verified: `{weights}::verify` makes them of a signed blob, where it is."
    ));
    let bytes = separated(bytes as u64);
    let structure = structure.iter().map(|byte| Literal::u8_unsuffixed(*byte));
    [
        quote! {
            #text
            #[allow(dead_code, unreachable_pub)]
            pub type #weights<'a> = runtime_core::updates::Weights<'a, #model>;
        },
        quote! {
            impl runtime_core::updates::Layout for #model {
                const BYTES: usize = #bytes;
                const STRUCTURE: [u8; 32] = [#(#structure),*];
            }
        },
    ]
}

/// The options and the report with nothing in them that tells one model of the same code from another.
pub(super) fn anonymous(options: &Options, report: &Report) -> (Options, Report) {
    let options = Options {
        struct_name: "Model".to_owned(),
        ..options.clone()
    };
    let report = Report {
        sha256: String::new(),
        ..report.clone()
    };
    (options, report)
}

/// The lines of a source that are code.
pub(super) fn code(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//"))
}

/// SHA-256 of the code of a source.
pub(super) fn structure(source: &str) -> [u8; 32] {
    let mut hash = hmac_sha256::Hash::new();
    for line in code(source) {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize()
}

const BANNER: &str = "// Structure of the weights: ";

/// The banner's line of the structure.
pub(super) fn banner(structure: &[u8; 32]) -> String {
    let hex: String = structure.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{BANNER}{hex}")
}

/// What an emitted file says of itself and of the weights that it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The hash of its code.
    pub structure: [u8; 32],
    /// The struct.
    pub model: String,
    /// SHA-256 of the model that it was made from, in hexadecimal digits.
    pub sha256: String,
    /// The command that made it.
    pub command: String,
}

impl Expected {
    /// Reads an emitted file. `None` if it has its weights within, or was not emitted at all.
    pub fn read(source: &str) -> Option<Self> {
        let after = |start: &str| source.lines().find_map(|line| line.strip_prefix(start));
        let model = after("impl runtime_core::updates::Layout for ")?;
        Some(Self {
            structure: from_hex(after(BANNER)?)?,
            model: model.trim_end_matches([' ', '{']).to_owned(),
            sha256: after(super::SHA256)?.to_owned(),
            command: after(super::REGENERATE)?.to_owned(),
        })
    }
}

/// 32 bytes from hexadecimal digits.
pub fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        let digits = text
            .get(2 * at..2 * at + 2)
            .filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    (text.len() == 64).then_some(bytes)
}

/// The first lines of code in which two sources differ, if any do.
pub(super) fn difference(old: &str, new: &str) -> Option<(String, String)> {
    let (mut old, mut new) = (code(old), code(new));
    loop {
        match (old.next(), new.next()) {
            (None, None) => return None,
            (old, new) if old == new => {}
            (old, new) => {
                let line = |line: Option<&str>| line.unwrap_or("nothing").to_owned();
                return Some((line(old), line(new)));
            }
        }
    }
}
