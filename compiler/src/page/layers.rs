//! A row for each kernel call.

use super::kind::Kind;
use super::summary::bytes;
use super::{MOST_CALLS, bar, too_many};
use crate::back::report::{CallReport, Report, dims, grouped};
use crate::ir::Printable;
use maud::{Markup, html};

/// The table.
pub(super) fn section(report: &Report) -> Markup {
    if report.calls.len() > MOST_CALLS {
        return too_many();
    }
    let macs = report.calls.iter().map(|call| call.macs).max().unwrap_or_default();
    let weights = report.calls.iter().map(|call| call.weights).max().unwrap_or_default();
    html! {
        p { "In the order in which they run. Bars compare with the largest; the kernel opens to why it was chosen." }
        div.wide {
            table.layers {
                thead {
                    tr {
                        th { "call" } th { "of" } th { "kernel" } th { "result" } th { "MACs" } th { "weights" }
                        th { "arena" }
                    }
                }
                tbody { @for call in &report.calls { (row(call, macs, weights as u64)) } }
            }
        }
    }
}

fn row(call: &CallReport, most_macs: u64, most_weights: u64) -> Markup {
    let kind = Kind::of(&call.kernel);
    html! {
        tr id={ "call" (call.number) } {
            td { span class={ "swatch " (kind.class()) } title=(kind.name()) {} code { (call.name) } }
            td.nodes {
                code { (Printable(&call.node)) }
                @if let Some(part) = &call.part { br; small { (part) } }
            }
            td { (kernel(call)) }
            td {
                (call.dtype) " " (dims(&call.output))
                @if let (Some(scale), Some(zero)) = (call.scale, call.zero_point) {
                    br; small { "scale " (format!("{scale:.6}")) ", zero point " (zero) }
                }
            }
            td.right { (bar(call.macs, most_macs, &grouped(call.macs))) }
            td.right { (bar(call.weights as u64, most_weights, &bytes(call.weights))) }
            td.right {
                (grouped(call.arena[0] as u64)) " to " (grouped(call.arena[1] as u64))
                @if call.in_place { br; small { "in place" } }
            }
        }
    }
}

/// The kernel, and behind it why.
fn kernel(call: &CallReport) -> Markup {
    html! {
        details {
            summary { (call.kernel) }
            @if let Some(choice) = &call.choice {
                p { "weights in " (choice.layout) ": " (Printable(&choice.reason)) }
            }
            p { @if call.specialised { "a copy of its own: " } @else { "shared: " } (Printable(&call.copy_reason)) }
            @if call.nodes.len() > 1 {
                p { "stands for " @for node in &call.nodes { code { (Printable(node)) } " " } }
            }
            p {
                "reads " @for operand in &call.inputs { (operand.dtype) " " (dims(&operand.shape)) " " }
                @if call.inputs.is_empty() { "constants only" }
            }
        }
    }
}
