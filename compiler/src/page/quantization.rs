//! What quantization loses, layer by layer, and how the numbers are spread that the integers stand for.

use super::Losses;
use crate::back::report::{Report, dims};
use crate::ir::{Printable, RemarkKind};
use crate::middle::compare::{Layer, Spread};
use maud::{Markup, html};

/// Columns of a histogram.
const COLUMNS: usize = 32;
/// Below this many decibels a layer is marked: noise is a third of the signal.
const POOR: f64 = 10.0;

/// The layers, the worst first.
pub(super) fn section(losses: &Losses, report: &Report) -> Markup {
    let floats: Vec<_> = report
        .remarks
        .iter()
        .filter(|remark| remark.kind == RemarkKind::StaysInFloats)
        .collect();
    html! {
        p {
            "Each result against the float model's on " (losses.samples) " samples of calibration, the worst first. "
            "Noise adds up from layer to layer: 20 dB is a tenth of the signal, and 6 dB half of it. Histograms are of "
            "the float model's numbers, without zeros; the shaded range is what the integers reach."
        }
        @if !floats.is_empty() {
            p { (floats.len()) " operators stay in floats:" }
            ul {
                @for remark in floats {
                    li {
                        @if let Some(node) = &remark.node { code { (Printable(node)) } " " }
                        (Printable(&remark.reason))
                    }
                }
            }
        }
        div.wide {
            table {
                thead {
                    tr {
                        th { "layer" } th { "operator" } th { "type and shape" } th { "SQNR" }
                        th { "least and greatest" } th { "histogram" }
                    }
                }
                tbody { @for layer in &losses.layers { (row(layer)) } }
            }
        }
    }
}

fn row(layer: &Layer) -> Markup {
    let decibels = layer.sqnr.decibels();
    html! {
        tr.poor[decibels < POOR] {
            td { code { (Printable(&layer.name)) } }
            td { (layer.operator) }
            td {
                (layer.dtype) " " (dims(&layer.shape))
                @if let (Some(scale), Some(zero)) = (layer.scale, layer.zero) {
                    br; small { "scale " (format!("{scale:.6}")) ", zero point " (zero) }
                }
            }
            td.right { (layer.sqnr) }
            td.right {
                @if let Some((least, greatest)) = layer.spread.range() { (number(least)) " to " (number(greatest)) }
            }
            td { (histogram(&layer.spread, reach(layer))) }
        }
    }
}

fn number(value: f64) -> String {
    if value != 0.0 && !(1e-3..1e6).contains(&value.abs()) {
        format!("{value:.2e}")
    } else {
        format!("{value:.3}")
    }
}

/// What the integers of a layer reach from and to.
fn reach(layer: &Layer) -> Option<(f64, f64)> {
    let (scale, zero) = (f64::from(layer.scale?), f64::from(layer.zero?));
    let (least, greatest) = crate::ir::primitives::Quantization::range(layer.dtype)?;
    Some(((f64::from(least) - zero) * scale, (f64::from(greatest) - zero) * scale))
}

/// A histogram with the range that the integers reach.
fn histogram(spread: &Spread, reach: Option<(f64, f64)>) -> Markup {
    let columns = spread.columns(COLUMNS);
    let (Some((least, greatest)), Some(most)) = (spread.range(), columns.iter().max().filter(|most| **most > 0)) else {
        return html! {};
    };
    let place = |value: f64| ((value - least) / (greatest - least)).clamp(0.0, 1.0) * COLUMNS as f64;
    html! {
        svg.histogram viewBox={ "0 0 " (COLUMNS) " 16" } preserveAspectRatio="none" role="img" aria-label="histogram" {
            @if let Some((from, to)) = reach {
                @let (x, width) = (place(from), place(to) - place(from));
                rect.reach x=(format!("{x:.2}")) width=(format!("{width:.2}")) y="0" height="16" {}
            }
            @for (column, count) in columns.iter().enumerate().filter(|(_, count)| **count > 0) {
                // The root shows what is rare, as outliers are.
                @let height = 16.0 * (*count as f64 / *most as f64).sqrt();
                rect x=(column) width="0.9" y=(format!("{:.2}", 16.0 - height)) height=(format!("{height:.2}")) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_short() {
        let texts = [0.0, 1.5, -0.000_25, 12_345_678.0].map(number);
        assert_eq!(texts, ["0.000", "1.500", "-2.50e-4", "1.23e7"]);
    }
}
