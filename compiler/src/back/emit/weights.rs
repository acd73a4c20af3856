use super::Options;
use super::names::{ModelNames, plain};
use super::source::Source;
use crate::ir::program::{Buffer, Program, Storage};
use std::fmt::Write;

/// Where the weights go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum WeightsMode {
    /// Inside the source, as byte strings.
    Inline,
    /// In a `.weights` file beside the source.
    Sidecar,
    /// Inline up to 1 MiB, else a sidecar.
    #[default]
    Auto,
}

/// Largest weights that `auto` puts inside the source.
const AUTO_INLINE_BYTES: usize = 1 << 20;
/// Alignment of each tensor in a sidecar.
const SIDECAR_ALIGNMENT: usize = 64;
const BYTES_A_LINE: usize = 28;

/// Whether the weights are inside the source.
pub(super) fn is_inline(program: &Program, options: &Options) -> bool {
    match options.weights {
        WeightsMode::Inline => true,
        WeightsMode::Sidecar => false,
        WeightsMode::Auto => program.weight_bytes() <= AUTO_INLINE_BYTES,
    }
}

/// `mod weights`, and the sidecar's bytes if there is one.
pub(super) fn module(program: &Program, names: &ModelNames, options: &Options) -> (String, Option<Vec<u8>>) {
    let mut tensors: Vec<(usize, &String)> = names.weights.iter().map(|(b, n)| (*b, n)).collect();
    tensors.sort_unstable();
    let tensors = tensors.into_iter().map(|(b, name)| (&program.buffers[b], name));
    let inline = is_inline(program, options);
    let mut out = Source::default();
    if names.weights.is_empty() {
        return (String::new(), None);
    }
    out.begin("/// Constant tensors.\n#[rustfmt::skip]\npub mod weights {");
    out.text(&imports(program, names, inline));
    out.line("");
    if inline {
        for (buffer, name) in tensors {
            out.text(&inline_tensor(buffer, name));
        }
        out.end("}");
        return (out.finish(), None);
    }
    let mut bytes: Vec<u8> = vec![];
    let mut statics = String::new();
    for (buffer, name) in tensors {
        bytes.resize(bytes.len().next_multiple_of(SIDECAR_ALIGNMENT), 0);
        let (ty, len, offset) = (buffer.dtype.rust_name(), buffer.len, bytes.len());
        let _ = writeln!(statics, "/// {}", plain(&buffer.name));
        let _ = writeln!(
            statics,
            "pub static {name}: &[{ty}; {len}] = FILE.tensor::<{ty}, {offset}, {len}>();"
        );
        bytes.extend_from_slice(data(buffer));
    }
    let file = options.sidecar.replace('\\', "/").replace('"', "\\\"");
    out.text(&format!(
        "static FILE: Sidecar<{}> = Sidecar::new(*include_bytes!(\"{file}\"));\n",
        bytes.len()
    ));
    out.text(&statics);
    out.end("}");
    (out.finish(), Some(bytes))
}

fn data(buffer: &Buffer) -> &[u8] {
    match &buffer.storage {
        Storage::Constant(tensor) => &tensor.bytes,
        _ => &[],
    }
}

fn imports(program: &Program, names: &ModelNames, inline: bool) -> String {
    let mut imports = vec![if inline { "Weights" } else { "Sidecar" }];
    for special in ["Bool", "bf16", "f16"] {
        if names
            .weights
            .keys()
            .any(|b| program.buffers[*b].dtype.rust_name() == special)
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
    let mut text = format!(
        "/// {}\npub static {name}: Weights<[{ty}; {len}]> = Weights::new(b\"",
        plain(&buffer.name)
    );
    for line in data(buffer).chunks(BYTES_A_LINE) {
        text.push_str("\\\n    ");
        for byte in line {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text.push_str("\");\n");
    text
}
