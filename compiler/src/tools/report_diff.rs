//! What changed between two builds of a model, from their summaries in JSON: Markdown, for comments in reviews.

use crate::Error;
use crate::back::report::{dims, grouped};
use crate::ir::Printable;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

/// Layers that are listed.
const MOST_LAYERS: usize = 50;

/// The part of a summary, as `edgec --json` prints it, that is compared.
#[derive(Clone, Debug, Deserialize)]
pub struct Summary {
    model: String,
    sha256: String,
    target: String,
    ram: u64,
    input_bytes: u64,
    weights: u64,
    macs: u64,
    calls: Vec<Call>,
    notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Call {
    node: String,
    kernel: String,
    dtype: String,
    output: Vec<usize>,
    macs: u64,
    weights: u64,
}

/// Two builds, the earlier one first.
#[derive(Clone, Debug)]
pub struct ReportDiff {
    before: Summary,
    after: Summary,
}

impl ReportDiff {
    /// Reads both summaries.
    ///
    /// # Errors
    /// Files that cannot be read, or are no summaries.
    pub fn open(before: &Path, after: &Path) -> Result<Self, Error> {
        Ok(Self {
            before: open(before)?,
            after: open(after)?,
        })
    }
}

fn open(path: &Path) -> Result<Summary, Error> {
    let text = fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
    serde_json::from_str(&text).map_err(|error| {
        Error::usage(
            format!("{} is no summary of edgec: {error}", path.display()),
            "edgec MODEL.onnx -o OUT.rs --json > FILE.json writes one",
        )
    })
}

impl fmt::Display for ReportDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, after } = self;
        writeln!(f, "### {}\n", code(&after.model))?;
        if before.sha256 != after.sha256 {
            writeln!(f, "The model is another file.\n")?;
        }
        if before.target != after.target {
            writeln!(f, "For {} instead of {}.\n", after.target, before.target)?;
        }
        writeln!(f, "| | before | after | change |\n|---|--:|--:|--:|")?;
        for (name, unit, of) in FIGURES {
            let (old, new) = (of(before), of(after));
            writeln!(
                f,
                "| {name} | {}{unit} | {}{unit} | {} |",
                grouped(old),
                grouped(new),
                change(old, new)
            )?;
        }
        self.layers(f)?;
        let told = |summary: &Summary| summary.notes.iter().cloned().collect::<BTreeSet<_>>();
        let (old, new) = (told(before), told(after));
        remarks(f, "New remarks", new.difference(&old))?;
        remarks(f, "Remarks that are gone", old.difference(&new))
    }
}

/// A figure: its name, its unit, and where it is.
type Figure = (&'static str, &'static str, fn(&Summary) -> u64);

const FIGURES: [Figure; 5] = [
    ("arena", " B", |summary| summary.ram),
    ("inputs", " B", |summary| summary.input_bytes),
    ("weights", " B", |summary| summary.weights),
    ("MACs", "", |summary| summary.macs),
    ("kernel calls", "", |summary| summary.calls.len() as u64),
];

/// `+12.5 %`, or nothing.
fn change(old: u64, new: u64) -> String {
    match (old, new) {
        _ if old == new => String::new(),
        (0, _) => "new".to_owned(),
        _ => format!("{:+.1} %", 100.0 * (new as f64 - old as f64) / old as f64),
    }
}

impl ReportDiff {
    /// The layers that are computed otherwise, by their nodes.
    fn layers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, after } = self;
        let mut lines: Vec<String> = vec![];
        let mut left: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
        for call in &before.calls {
            left.entry(&call.node).or_default().push(call);
        }
        for call in &after.calls {
            // Of several calls for a node, those that are the same are told apart from those that are not.
            let olds = left.entry(&call.node).or_default();
            let same = olds.iter().position(|old| *old == call);
            match (same, olds.is_empty()) {
                (Some(same), _) => drop(olds.remove(same)),
                (None, empty) => {
                    let old = (!empty).then(|| olds.remove(0));
                    lines.push(format!(
                        "| {} | {} | {} |",
                        code(&call.node),
                        text(old),
                        text(Some(call))
                    ));
                }
            }
        }
        let gone = left.into_values().flatten();
        lines.extend(gone.map(|old| format!("| {} | {} | {} |", code(&old.node), text(Some(old)), text(None))));
        if lines.is_empty() {
            return writeln!(f, "\nEvery layer is computed as before.");
        }
        writeln!(
            f,
            "\n{} layers are computed otherwise:\n\n| layer | before | after |\n|---|---|---|",
            lines.len()
        )?;
        lines
            .iter()
            .take(MOST_LAYERS)
            .try_for_each(|line| writeln!(f, "{line}"))?;
        match lines.len().saturating_sub(MOST_LAYERS) {
            0 => Ok(()),
            more => writeln!(f, "\nand {more} more."),
        }
    }
}

/// A call in a cell.
fn text(call: Option<&Call>) -> String {
    let Some(call) = call else { return "-".to_owned() };
    let mut text = format!("{}, {} {}", call.kernel, call.dtype, dims(&call.output));
    if call.macs > 0 {
        let _ = write!(text, ", {} MACs", grouped(call.macs));
    }
    if call.weights > 0 {
        let _ = write!(text, ", {} B", grouped(call.weights));
    }
    text
}

/// A name as code, which ends no cell and begins nothing else.
fn code(name: &str) -> String {
    format!(
        "`{}`",
        Printable(name).to_string().replace('`', "'").replace('|', "\\|")
    )
}

fn remarks<'a>(f: &mut fmt::Formatter<'_>, title: &str, remarks: impl Iterator<Item = &'a String>) -> fmt::Result {
    for (index, remark) in remarks.enumerate() {
        if index == 0 {
            writeln!(f, "\n{title}:\n")?;
        }
        // What Markdown would take for tags or links.
        let remark = Printable(remark).to_string().replace('<', "&lt;").replace('[', "\\[");
        writeln!(f, "- {remark}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(ram: u64, calls: &str, notes: &str) -> Summary {
        let text = format!(
            r#"{{"model":"m|","sha256":"0","target":"board","ram":{ram},"input_bytes":4,"weights":10,"macs":7,
                "calls":[{calls}],"notes":[{notes}],"more":1}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn call(node: &str, kernel: &str) -> String {
        format!(r#"{{"node":"{node}","kernel":"{kernel}","dtype":"f32","output":[1,2],"macs":7,"weights":0}}"#)
    }

    #[test]
    fn builds_that_are_the_same_say_so() {
        let one = summary(8, &call("a", "gemm"), "");
        let text = ReportDiff {
            before: one.clone(),
            after: one,
        }
        .to_string();
        assert!(text.contains("| arena | 8 B | 8 B |  |"), "{text}");
        assert!(text.ends_with("Every layer is computed as before.\n"), "{text}");
    }

    #[test]
    fn what_changed_is_listed() {
        let calls = |kernels: [(&str, &str); 2]| kernels.map(|(node, kernel)| call(node, kernel)).join(",");
        let text = ReportDiff {
            before: summary(8, &calls([("a", "gemm"), ("b", "map")]), r#""old""#),
            after: summary(12, &calls([("a", "qlinear_gemm"), ("c", "map")]), r#""new <b>""#),
        }
        .to_string();
        for line in [
            "### `m\\|`",
            "| arena | 8 B | 12 B | +50.0 % |",
            "3 layers are computed otherwise:",
            "| `a` | gemm, f32 1x2, 7 MACs | qlinear_gemm, f32 1x2, 7 MACs |",
            "| `c` | - | map, f32 1x2, 7 MACs |",
            "| `b` | map, f32 1x2, 7 MACs | - |",
            "- new &lt;b>",
            "- old",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
