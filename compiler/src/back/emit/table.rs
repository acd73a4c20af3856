//! The table of kernel calls in the documentation of the emitted struct, as Markdown with aligned columns.

use super::identifiers::plain;
use crate::back::report::{CallReport, Report, dims, grouped};

/// One column: its heading, whether numbers stand at its right, and its cell for a call.
type Column = (&'static str, bool, fn(&CallReport) -> String);

const COLUMNS: [Column; 12] = [
    ("call", false, |call| call.name.clone()),
    ("kernel", false, |call| format!("`{}`", call.kernel)),
    ("ONNX node", false, |call| plain(&call.node)),
    (PART, false, |call| call.part.clone().unwrap_or_default()),
    ("output", false, |call| dims(&call.output)),
    ("type", false, |call| call.dtype.clone()),
    (SCALE, true, |call| {
        call.scale.map_or_else(String::new, |scale| format!("{scale:e}"))
    }),
    (ZERO_POINT, true, |call| {
        call.zero_point.map_or_else(String::new, |zero| zero.to_string())
    }),
    ("MACs", true, |call| grouped(call.macs)),
    ("weights, B", true, |call| grouped(call.weights as u64)),
    ("arena, B", false, |call| {
        format!("{}..{}", call.arena[0], call.arena[1])
    }),
    (IN_PLACE, false, |call| {
        let how = [(call.in_place, "yes"), (call.overlaps, "by rows")];
        let how = how.into_iter().find(|(is_so, _)| *is_so);
        how.map_or_else(String::new, |(_, how)| how.into())
    }),
];

const PART: &str = "part";
const SCALE: &str = "scale";
const ZERO_POINT: &str = "zero point";
const IN_PLACE: &str = "in place";

/// The lines of the table. Columns that say nothing of any call are left out.
pub(super) fn table(report: &Report) -> Vec<String> {
    let quantised = report.calls.iter().any(|call| call.scale.is_some());
    let in_place = report.calls.iter().any(|call| call.in_place || call.overlaps);
    let parts = report.calls.iter().any(|call| call.part.is_some());
    let shown = |heading: &str| match heading {
        SCALE | ZERO_POINT => quantised,
        IN_PLACE => in_place,
        PART => parts,
        _ => true,
    };
    let columns: Vec<&Column> = COLUMNS.iter().filter(|(heading, ..)| shown(heading)).collect();
    let heading = columns.iter().map(|(heading, ..)| (*heading).to_owned()).collect();
    let mut rows: Vec<Vec<String>> = vec![heading];
    let cells = |call: &CallReport| columns.iter().map(|(.., cell)| cell(call)).collect();
    let calls = report.calls.iter().map(cells);
    let inference = report
        .training
        .as_ref()
        .map_or(report.calls.len(), |training| training.inference_calls);
    rows.extend(calls);
    let step = report.training.as_ref().and_then(|training| training.gradient_calls);
    for (first, stage) in [(step, "**apply**"), (Some(inference), "**training**")] {
        if let Some(first) = first.filter(|first| *first < report.calls.len()) {
            let of_stage = |heading: &str| if heading == "call" { stage } else { "" };
            let row = columns.iter().map(|(heading, ..)| of_stage(heading).to_owned());
            rows.insert(1 + first, row.collect());
        }
    }
    let total = |heading: &str| match heading {
        "call" => "total".to_owned(),
        "MACs" => grouped(report.training.as_ref().map_or(report.macs, |training| training.macs)),
        "weights, B" => grouped((report.weights - report.self_test.unwrap_or(0)) as u64),
        "arena, B" => grouped(report.ram as u64),
        _ => String::new(),
    };
    rows.push(columns.iter().map(|(heading, ..)| total(heading)).collect());
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).zip(&columns);
        let cells: Vec<String> = cells
            .map(|((cell, width), (_, right, _))| match right {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            })
            .collect();
        format!("| {} |", cells.join(" | "))
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    let rules = widths.iter().zip(&columns).map(|(width, (_, right, _))| {
        let end = if *right { ":" } else { "-" };
        "-".repeat(width + 1) + end
    });
    lines.insert(1, format!("|{}|", rules.collect::<Vec<_>>().join("|")));
    lines
}
