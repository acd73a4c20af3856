//! The verdict, the figures, the remarks, and how to make the file again.

use super::Page;
use crate::back::report::{PortReport, Report, dims, grouped};
use crate::ir::{Printable, PrintableLines, Remark};
use maud::{Markup, html};

/// Whether the model fits, in a line.
pub(super) fn verdict(report: &Report) -> Markup {
    let budgets = budgets(report);
    html! {
        @if let Some([message, help]) = &report.over_budget {
            p.verdict.bad { strong { "Does not fit. " } (budgets.join("; ")) }
            pre.reason { (PrintableLines(message)) }
            @if !help.is_empty() {
                p { "What would help:" }
                ul { @for line in help.lines() { li { (Printable(line)) } } }
            }
        } @else if budgets.is_empty() {
            p.verdict {
                strong { (bytes(report.ram + report.input_bytes)) " of RAM" }
                " with its inputs, the stack apart, and "
                strong { (bytes(report.weights)) " of weights" }
                "; no budget was given (--ram, --flash)."
            }
        } @else {
            p.verdict.good { strong { "Fits. " } (budgets.join("; ")) }
        }
        @for remark in report.remarks.iter().filter(|remark| remark.is_warning()) {
            p.verdict.bad { strong { "Warning: " } (Printable(remark)) }
        }
    }
}

/// What is used of each budget.
fn budgets(report: &Report) -> Vec<String> {
    let used = |used: usize, budget: usize, what: &str| {
        let share = 100.0 * used as f64 / budget.max(1) as f64;
        format!(
            "{} of {} B of {what} ({share:.0} %)",
            grouped(used as u64),
            grouped(budget as u64)
        )
    };
    let ram = report
        .ram_budget
        .map(|budget| used(report.ram + report.input_bytes, budget, "RAM, the stack apart"));
    let flash = report
        .flash_budget
        .map(|budget| used(report.weights, budget, "flash for weights, the code apart"));
    ram.into_iter().chain(flash).collect()
}

/// `12 345 B`.
pub(super) fn bytes(number: usize) -> String {
    format!("{} B", grouped(number as u64))
}

/// The figures at the top.
pub(super) fn figures(report: &Report) -> Markup {
    html! {
        dl.figures {
            (figure("arena", &bytes(report.ram)))
            (figure("inputs", &bytes(report.input_bytes)))
            (figure("weights", &bytes(report.weights)))
            (figure("MACs", &grouped(report.macs)))
            (figure("kernel calls", &grouped(report.calls.len() as u64)))
            @if let Some(training) = &report.training {
                (figure("trained parameters", &grouped(training.parameters as u64)))
                (figure("MACs of a training step", &grouped(training.macs)))
            }
        }
        table {
            caption { "Inputs and outputs" }
            thead { tr { th { "" } th { "name" } th { "type and shape" } th { "scale" } th { "zero point" } } }
            tbody {
                @for port in &report.inputs { (port_row("input", port)) }
                @for port in &report.outputs { (port_row("output", port)) }
            }
        }
    }
}

fn figure(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn port_row(what: &str, port: &PortReport) -> Markup {
    html! {
        tr {
            td { (what) }
            td { code { (Printable(&port.name)) } }
            td { (port.dtype) " " (dims(&port.shape)) @if port.channels_last { ", channels last" } }
            td.right { @if let Some(scale) = port.scale { (format!("{scale:.6}")) } }
            td.right { @if let Some(zero) = port.zero_point { (zero) } }
        }
    }
}

/// The remarks, the warnings first.
pub(super) fn remarks(report: &Report) -> Markup {
    let (warnings, notes): (Vec<&Remark>, Vec<&Remark>) = report.remarks.iter().partition(|remark| remark.is_warning());
    html! {
        @if report.remarks.is_empty() { p { "There is nothing to remark." } }
        ul.remarks {
            @for remark in warnings.iter().chain(&notes) {
                li.warning[remark.is_warning()] {
                    @if let Some(node) = &remark.node { code { (Printable(node)) } " " }
                    (Printable(&remark.reason))
                    @if let Some(advice) = &remark.advice { span.advice { " → " (Printable(advice)) } }
                }
            }
        }
    }
}

/// What makes the same file again.
pub(super) fn again(page: &Page<'_>) -> Markup {
    html! {
        p { "The same command on the same file gives the same bytes." }
        pre { (Printable(page.command)) }
        table {
            tbody {
                tr { th { "model" } td { code { (Printable(page.file)) } } }
                tr { th { "SHA-256 of the model" } td { code.hash { (page.report.sha256) } } }
                tr { th { "opset" } td { (page.report.opset) } }
                tr { th { "target" } td { (page.report.target) } }
                tr { th { "edgec" } td { (env!("CARGO_PKG_VERSION")) } }
            }
        }
    }
}
