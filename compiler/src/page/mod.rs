//! A page about a compiled model: one HTML file, readable without scripts and without a network.
//!
//! [`Page`] puts the sections together, each in a file of its own; all they show is in the
//! [`Report`](crate::back::Report) and what stands beside it. Text reaches the page through `maud`, which escapes it,
//! and [`Printable`], as names of models hold anything.

mod graph;
mod kind;
mod layers;
mod memory;
mod passes;
mod profile;
mod quantization;
mod summary;

pub use profile::{Measured, Mismatch, Profile, Unit};

use crate::back::plan::Plan;
use crate::back::report::Report;
use crate::ir::Printable;
use crate::ir::program::Program;
use crate::middle::compare::Layer;
use crate::middle::passes::PassChange;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a page is about.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Name of the model's file.
    pub file: &'a str,
    /// The command that compiles it.
    pub command: &'a str,
    /// What was compiled.
    pub report: &'a Report,
    /// The kernel calls.
    pub program: &'a Program,
    /// Their memory.
    pub plan: &'a Plan,
    /// What the passes did.
    pub changes: &'a [PassChange],
    /// What quantization loses, if the model was quantised here.
    pub losses: Option<&'a Losses>,
    /// What the calls were measured to take, if that is known.
    pub profile: Option<&'a Profile>,
}

/// What quantization loses, by layer.
#[derive(Clone, Debug)]
pub struct Losses {
    /// The samples that tell.
    pub samples: usize,
    /// The layers, the worst first.
    pub layers: Vec<Layer>,
}

/// Begins every page; a file that begins so may be replaced.
const GENERATOR: &str = "edgec report";
/// How far into a file that is looked for.
const LOOKED_AT: u64 = 128;
/// Calls up to which each has its row, its dot and its boxes: browsers are slow with more.
const MOST_CALLS: usize = 3000;

/// Neither scripts nor anything from elsewhere, whatever a model says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

impl Page<'_> {
    /// The page, as HTML.
    pub fn html(&self) -> String {
        let title = format!("{} for {}", Printable(self.file), self.report.target);
        let sections: Vec<(&str, &str, Markup)> = [
            ("memory", "Memory over time", memory::section(self.report)),
            ("layers", "Layers", layers::section(self.report, self.profile)),
            ("graph", "Graph", graph::section(self.report, self.program, self.plan)),
        ]
        .into_iter()
        .chain(self.losses.map(|losses| {
            (
                "quantization",
                "Quantization",
                quantization::section(losses, self.report),
            )
        }))
        .chain([
            ("passes", "Passes", passes::section(self.changes)),
            ("remarks", "Remarks", summary::remarks(self.report)),
            ("again", "How to make it again", summary::again(self)),
        ])
        .collect();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="generator" content=(GENERATOR);
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    style { (PreEscaped(include_str!("../../templates/report/style.css"))) }
                }
                body {
                    header {
                        h1 { (title) }
                        (summary::verdict(self.report))
                        nav aria-label="Sections" {
                            @for (id, name, _) in &sections { a href={ "#" (id) } { (name) } }
                        }
                    }
                    main {
                        (summary::figures(self.report))
                        @for (id, name, content) in &sections {
                            section id=(id) {
                                h2 { (name) }
                                (content)
                            }
                        }
                    }
                }
            }
        };
        page.into_string()
    }
}

/// Whether a file is such a page.
pub(crate) fn is_page(path: &Path) -> bool {
    let mut start = vec![];
    let read = File::open(path).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut start));
    let generator = format!("<meta name=\"generator\" content=\"{GENERATOR}\">");
    read.is_ok() && String::from_utf8_lossy(&start).contains(&generator)
}

/// Said in the place of what would be too much for a browser.
fn too_many() -> Markup {
    html! { p { "There are more than " (MOST_CALLS) " calls, which are not shown: --json lists them." } }
}

/// `12.3` of a hundred, for widths and places.
fn percent(part: usize, whole: usize) -> String {
    format!("{:.3}%", 100.0 * part as f64 / whole.max(1) as f64)
}

/// A bar as long as `part` of `whole`, beside its number.
fn bar(part: u64, whole: u64, text: &str) -> Markup {
    let width = format!("{:.1}%", 100.0 * part as f64 / whole.max(1) as f64);
    html! {
        span.number { (text) }
        @if part > 0 { span.bar { span style={ "width:" (width) } {} } }
    }
}
