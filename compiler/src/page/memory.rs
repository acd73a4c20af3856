//! Where each tensor is in the arena, and when: a box as wide as its life and as high as its bytes.

use super::kind::Kind;
use super::summary::bytes;
use super::{MOST_CALLS, percent, too_many};
use crate::back::report::{Report, TensorReport};
use maud::{Markup, html};

/// Tensors that are listed.
const LISTED: usize = 12;

/// The map, and the tensors that are kept when the arena is fullest.
pub(super) fn section(report: &Report) -> Markup {
    let (fullest, used) = report.fullest();
    html! {
        @if report.calls.len() > MOST_CALLS { p { (bound(report)) } (too_many()) } @else { (map(report, fullest)) }
        @if used > 0 { (kept(report, fullest, used)) }
    }
}

/// A box for each tensor.
fn map(report: &Report, fullest: usize) -> Markup {
    let steps = report.calls.len() + 1;
    html! {
        p {
            "Each box is a tensor: from the call that writes it to the last that reads it, at its bytes of the arena. "
            (bound(report))
        }
        (legend())
        div.map role="group" aria-label="Tensors in the arena over time" {
            @for quarter in [4, 3, 2, 1, 0] {
                span.line style={ "bottom:" (percent(quarter, 4)) } { (bytes(report.ram * quarter / 4)) }
            }
            div.boxes {
                @if report.ram > 0 {
                    span.fullest style={ "left:" (percent(fullest, steps)) ";width:" (percent(1, steps)) } {}
                    @for tensor in &report.tensors { (tensor_box(report, tensor, steps)) }
                }
            }
        }
        p.axis { span { "first call" } span { "last call" } }
    }
}

/// How good the plan is.
fn bound(report: &Report) -> String {
    let ram = bytes(report.ram);
    let by_rows = report.ram_by_rows.map(|by_rows| {
        let by_rows = bytes(by_rows);
        format!(" Layers that overwrite their input row by row (--overlap always) would take {by_rows}.")
    });
    let bound = if report.ram_any_order == Some(report.ram) {
        format!("The plan takes {ram}, and no order of the calls needs less.")
    } else if report.ram_is_least {
        format!("The plan takes {ram}, the least for this order of the calls.")
    } else {
        let least = bytes(report.ram_lower_bound);
        format!("The plan takes {ram}; no plan for this order needs less than {least}.")
    };
    bound + &by_rows.unwrap_or_default()
}

/// The colours of kernels.
pub(super) fn legend() -> Markup {
    html! {
        ul.legend {
            @for kind in Kind::ALL { li { span class={ "swatch " (kind.class()) } {} (kind.name()) } }
        }
    }
}

fn tensor_box(report: &Report, tensor: &TensorReport, steps: usize) -> Markup {
    let call = report.calls.get(tensor.call);
    let kind = call.map_or(Kind::Element, |call| Kind::of(&call.kernel)).class();
    let life = tensor.lifetime;
    let place = format!(
        "left:{};width:{};bottom:{};height:{}",
        percent(life.first, steps),
        percent(life.last + 1 - life.first, steps),
        percent(tensor.offset, report.ram),
        percent(tensor.bytes, report.ram),
    );
    let text = format!(
        "{}: {}, bytes {} to {}, from call {} to {}",
        name(report, tensor),
        bytes(tensor.bytes),
        tensor.offset,
        tensor.offset + tensor.bytes,
        life.first,
        life.last
    );
    html! {
        a class={ "tensor " (kind) } href={ "#call" (tensor.call) } style=(place) { span.tip { (text) } }
    }
}

/// What a tensor is called, without the quotes of messages.
fn name(report: &Report, tensor: &TensorReport) -> String {
    report.tensor_name(tensor).replace('`', "")
}

/// What is kept when the arena is fullest.
fn kept(report: &Report, step: usize, used: usize) -> Markup {
    let kept = report.kept(step);
    let when = match report.calls.get(step) {
        Some(call) => format!("when {} runs", call.name),
        None => "at the end".to_owned(),
    };
    html! {
        p { "The arena is fullest " (when) ": " (bytes(used)) " are kept then, in" }
        ul {
            @for tensor in kept.iter().take(LISTED) {
                li { (bytes(tensor.bytes)) ": " (name(report, tensor)) }
            }
            @if kept.len() > LISTED { li { "and " (kept.len() - LISTED) " smaller ones" } }
        }
    }
}
