use super::identifiers::plain;
use super::names::ModelNames;
use super::source::Source;
use super::{Options, sections, updatable};
use crate::back::report::{Report, grouped};
use crate::ir::program::{Buffer, BufferId, Program, Storage};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use std::collections::HashSet;
use std::fmt::Write;

/// Where the weights go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum WeightsMode {
    /// Inside the source, as byte strings.
    Inline,
    /// In a `.weights` file beside the source.
    Sidecar,
    /// Inline up to 1 MiB, for microcontrollers up to 16 KiB, else a sidecar.
    #[default]
    Auto,
    /// Outside of the program, in signed blobs that `run` takes when they are verified; others can replace them.
    Updatable,
}

/// Alignment of each tensor in a sidecar.
const SIDECAR_ALIGNMENT: usize = 64;
/// Alignment of each tensor of a self-test that is inside the source: that of the largest element.
const CASE_ALIGNMENT: usize = 8;
const BYTES_A_LINE: usize = 28;

/// Whether the weights that have these names are inside the source.
pub(super) fn are_inline(program: &Program, names: &ModelNames, options: &Options) -> bool {
    let others = names.weights.len() - names.fast.len() - program.golden_constants().count();
    match options.weights {
        WeightsMode::Updatable => false,
        _ if others == 0 && !names.fast.is_empty() => true,
        WeightsMode::Inline => true,
        WeightsMode::Sidecar => false,
        WeightsMode::Auto => program.weight_bytes() <= options.most_inline_bytes,
    }
}

/// `mod weights`, and the bytes of the sidecar or of the updatable block if there is one.
pub(super) fn module(
    program: &Program,
    report: &Report,
    names: &ModelNames,
    options: &Options,
) -> (String, Option<Vec<u8>>) {
    if names.weights.is_empty() {
        return (String::new(), None);
    }
    if options.weights == WeightsMode::Updatable {
        return places(program, report, names, options);
    }
    let inline = names.inline;
    let mut out = Source::default();
    out.begin(
        "/// Constant tensors, each called after the first call that reads it.\n#[rustfmt::skip]\npub mod weights {",
    );
    let golden: HashSet<BufferId> = program.golden_constants().map(|(id, _)| id).collect();
    let holders: &[&str] = match (inline, golden.len()) {
        (false, _) if !names.fast.is_empty() => &["Sidecar", "Weights"],
        (false, _) => &["Sidecar"],
        (true, 0) => &["Weights"],
        (true, some) if some == names.weights.len() => &["Sidecar"],
        (true, _) => &["Sidecar", "Weights"],
    };
    out.text(&imports(program, names, holders));
    let mut bytes: Vec<u8> = vec![];
    let mut statics = String::new();
    for id in &names.weight_order {
        let (buffer, name) = (program.buffer(*id), &names.weights[id].name);
        let _ = write!(statics, "\n/// {}\n", described(*id, program, report, names));
        if (inline || names.fast.contains(id)) && !golden.contains(id) {
            statics.push_str(&sections::attribute(sections::of(names, &options.sections, *id)));
            statics.push_str(&inline_tensor(buffer, name));
            continue;
        }
        let (holder, alignment) = match inline {
            true => ("SELF_TEST", CASE_ALIGNMENT),
            false => ("FILE", SIDECAR_ALIGNMENT),
        };
        bytes.resize(bytes.len().next_multiple_of(alignment), 0);
        let (ty, len, offset) = (buffer.dtype.rust_name(), buffer.len, bytes.len());
        let _ = writeln!(
            statics,
            "pub static {name}: &[{ty}; {len}] = {holder}.tensor::<{ty}, {offset}, {len}>();"
        );
        bytes.extend_from_slice(data(buffer));
    }
    if inline && !golden.is_empty() {
        // As arrays, which `run` takes.
        let attribute = sections::attribute(options.sections.weights.as_deref());
        let _ = writeln!(statics, "\n{attribute}{}", inline_case(&bytes));
    }
    if !inline {
        let (len, bytes) = (bytes.len(), include(&options.sidecar));
        let attribute = sections::attribute(options.sections.weights.as_deref());
        out.text(&format!(
            "\n{attribute}static FILE: Sidecar<{len}> = Sidecar::new(*{bytes});\n"
        ));
    }
    out.text(&statics);
    out.end("}");
    (out.finish(), (!inline).then_some(bytes))
}

/// The bytes of a file, as Rust writes a text: its name may hold quotes, backslashes and line ends.
pub(super) fn include(file: &str) -> String {
    format!("include_bytes!({file:?})")
}

/// `mod weights` of a program whose weights are elsewhere, and the block that they are in.
fn places(program: &Program, report: &Report, names: &ModelNames, options: &Options) -> (String, Option<Vec<u8>>) {
    let mut out = Source::default();
    out.begin(
        "/// Places in the block of weights, each called after the first call that reads it.\n#[rustfmt::skip]\n\
         pub mod weights {",
    );
    out.text(&imports(program, names, &["Slot"]));
    let (places, bytes) = updatable::places(program, names, options.alignment, |id| {
        described(id, program, report, names)
    });
    out.text(&places);
    out.end("}");
    (out.finish(), Some(bytes))
}

/// A constant, as what is called takes it.
pub(super) fn reference(names: &ModelNames, options: &Options, id: BufferId) -> TokenStream {
    let path = path(names, options, id);
    if names.inline || names.fast.contains(&id) {
        quote!(&#path)
    } else {
        path
    }
}

/// Where a constant is.
pub(super) fn path(names: &ModelNames, options: &Options, id: BufferId) -> TokenStream {
    let name = format_ident!("{}", names.weights[&id].name);
    match options.weights {
        WeightsMode::Updatable => quote!(weights.read(weights::#name)),
        _ => quote!(weights::#name),
    }
}

/// Its size, the calls that read it, and its name in the model where it is one of the model's.
fn described(id: BufferId, program: &Program, report: &Report, names: &ModelNames) -> String {
    let buffer = program.buffer(id);
    let readers = names.weights[&id].readers.iter();
    let readers: Vec<_> = readers
        .map(|number| format!("`{}`", report.calls[*number].name))
        .collect();
    let golden = program.golden_constants().find(|(golden, _)| *golden == id);
    let readers = match &readers[..] {
        [] if let Some((_, what)) = golden => format!("the self-test's {what}"),
        [] => "what a state begins with".to_owned(),
        [some @ .., last] if some.len() > 2 => format!("{} .. {last} ({} calls)", some[0], readers.len()),
        _ => readers.join(", "),
    };
    let bytes = grouped(buffer.bytes() as u64);
    let made = buffer
        .role
        .is_some_and(|role| buffer.name.ends_with(&format!("_{role}")));
    let name = if made {
        String::new()
    } else {
        format!(": `{}`", plain(&buffer.name))
    };
    let fast = report.fast_weights.iter().flat_map(|fast| &fast.tensors);
    let reads = fast
        .filter(|tensor| tensor.buffer == id)
        .map(|tensor| match tensor.reads {
            1 => " Each byte is read once an inference.".to_owned(),
            reads => format!(" Each byte is read {} times an inference.", grouped(reads)),
        });
    format!("{bytes} B for {readers}{name}.{}", reads.collect::<String>())
}

pub(super) fn data(buffer: &Buffer) -> &[u8] {
    match &buffer.storage {
        Storage::Constant(tensor) => &tensor.bytes,
        _ => &[],
    }
}

/// `use` of the elements' types and of `holders`, what holds them.
fn imports(program: &Program, names: &ModelNames, holders: &[&'static str]) -> String {
    let mut imports = holders.to_vec();
    for special in ["Bool", "bf16", "f16"] {
        if names
            .weights
            .keys()
            .any(|b| program.buffer(*b).dtype.rust_name() == special)
        {
            imports.push(special);
        }
    }
    match &imports[..] {
        [one] => format!("use runtime_core::{one};"),
        _ => format!("use runtime_core::{{{}}};", imports.join(", ")),
    }
}

fn inline_tensor(buffer: &Buffer, name: &str) -> String {
    let (ty, len) = (buffer.dtype.rust_name(), buffer.len);
    let bytes = byte_string(data(buffer));
    format!("pub static {name}: Weights<[{ty}; {len}]> = Weights::new({bytes});\n")
}

/// The tensors of the self-test.
fn inline_case(bytes: &[u8]) -> String {
    let len = bytes.len();
    format!(
        "static SELF_TEST: Sidecar<{len}> = Sidecar::new(*{});",
        byte_string(bytes)
    )
}

fn byte_string(bytes: &[u8]) -> String {
    let mut text = "b\"".to_owned();
    for line in bytes.chunks(BYTES_A_LINE) {
        text.push_str("\\\n    ");
        for byte in line {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text.push('"');
    text
}
