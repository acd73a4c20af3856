//! A row for each kernel call.

use super::kind::Kind;
use super::profile::{Measured, Profile, Unit};
use super::summary::bytes;
use super::{MOST_CALLS, bar, too_many};
use crate::back::report::{CallReport, Report, dims, grouped};
use crate::ir::Printable;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The greatest figures, with which bars compare, and what was measured.
struct Columns<'p> {
    macs: u64,
    weights: u64,
    /// `None` if nothing is estimated.
    estimate: Option<u64>,
    measured: Option<MeasuredColumn<'p>>,
}

struct MeasuredColumn<'p> {
    by_name: BTreeMap<&'p str, &'p Measured>,
    unit: Unit,
    greatest: f64,
    sum: f64,
    title: String,
}

impl<'p> Columns<'p> {
    fn of(report: &Report, profile: Option<&'p Profile>) -> Self {
        let greatest = |of: fn(&CallReport) -> Option<u64>| report.calls.iter().filter_map(of).max();
        Self {
            macs: greatest(|call| Some(call.macs)).unwrap_or_default(),
            weights: greatest(|call| Some(call.weights as u64)).unwrap_or_default(),
            estimate: greatest(|call| call.estimate),
            measured: profile.map(|profile| MeasuredColumn {
                by_name: profile.by_name(),
                unit: profile.unit(),
                greatest: profile.layers.iter().map(|layer| layer.value).fold(0.0, f64::max),
                sum: profile.layers.iter().map(|layer| layer.value).sum(),
                title: profile.title(),
            }),
        }
    }
}

/// The table.
pub(super) fn section(report: &Report, profile: Option<&Profile>) -> Markup {
    if report.calls.len() > MOST_CALLS {
        return too_many();
    }
    let columns = Columns::of(report, profile);
    html! {
        p { "In the order in which they run. Bars compare with the largest; the kernel opens to why it was chosen." }
        @if let Some(measured) = &columns.measured {
            p {
                "Measured on " (measured.title) ": "
                strong { (amount(measured.sum, measured.unit)) " " (measured.unit) }
                " in all calls. Below each is its share and, where a limit of the machine is known, how near the call "
                "comes to it."
            }
        }
        @if columns.estimate.is_some() {
            p {
                "Instructions are estimated where there is a choice of kernels: what matters is their proportion."
            }
        }
        div.wide {
            table.layers {
                thead {
                    tr {
                        th { "call, of" } th { "kernel" } th { "result" } th { "MACs" } th { "weights" }
                        @if columns.estimate.is_some() { th { "estimated" } }
                        @if let Some(measured) = &columns.measured { th { (measured.unit) ", measured" } }
                        th { "arena" }
                    }
                }
                tbody { @for call in &report.calls { (row(call, &columns)) } }
            }
        }
    }
}

/// `1 234` instructions or cycles, and times with three digits behind the point.
fn amount(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Us => format!("{value:.3}"),
        Unit::Instructions | Unit::Cycles => grouped(value.round() as u64),
    }
}

/// The cell of what was measured of a call.
fn measured(call: &CallReport, column: &MeasuredColumn<'_>) -> Markup {
    let Some(layer) = column.by_name.get(call.name.as_str()) else {
        return html! { td.right { "-" } };
    };
    let of = |whole: f64, part: f64| 100.0 * part / whole;
    html! {
        td.right {
            // Thousandths, as bars are of whole numbers.
            (bar((layer.value * 1e3) as u64, (column.greatest * 1e3) as u64, &amount(layer.value, column.unit)))
            @if column.sum > 0.0 { small { (format!("{:.1} %", of(column.sum, layer.value))) } }
            @if let Some(limit) = layer.limit.filter(|_| layer.value > 0.0) {
                br; small { (format!("{:.0} % of the limit", of(layer.value, limit))) }
            }
        }
    }
}

fn row(call: &CallReport, columns: &Columns<'_>) -> Markup {
    let kind = Kind::of(&call.kernel);
    html! {
        tr id={ "call" (call.number) } {
            td {
                span class={ "swatch " (kind.class()) } title=(kind.name()) {} code { (call.name) }
                br; code.node { (Printable(&call.node)) }
                @if let Some(part) = &call.part { br; small { (part) } }
            }
            td { (kernel(call)) }
            td {
                (call.dtype) " " (dims(&call.output))
                @if let (Some(scale), Some(zero)) = (call.scale, call.zero_point) {
                    br; small { "scale " (format!("{scale:.6}")) ", zero point " (zero) }
                }
            }
            td.right { (bar(call.macs, columns.macs, &grouped(call.macs))) }
            td.right { (bar(call.weights as u64, columns.weights, &bytes(call.weights))) }
            @if let Some(most) = columns.estimate { (estimate(call, most)) }
            @if let Some(column) = &columns.measured { (measured(call, column)) }
            td.right {
                (grouped(call.arena[0] as u64)) " to " (grouped(call.arena[1] as u64))
                @if call.in_place { br; small { "in place" } }
                @if call.overlaps { br; small { "in place by rows" } }
            }
        }
    }
}

/// The cell of what a call is estimated to take.
fn estimate(call: &CallReport, most: u64) -> Markup {
    html! {
        td.right { @if let Some(estimate) = call.estimate { (bar(estimate, most, &grouped(estimate))) } }
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
