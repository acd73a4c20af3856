//! Measurements as text, for a terminal and for the documentation.

use super::baselines;
use super::measure::{Agreement, Measurement};
use std::fmt::Write;

/// A number with its digits in threes.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn per_mac(instructions: u64, macs: u64) -> String {
    match macs {
        0 => "-".into(),
        _ => format!("{:.2}", instructions as f64 / macs as f64),
    }
}

/// Instructions; with the least of them where they depend on the data.
fn instructions(measurement: &Measurement) -> String {
    let most = measurement.most_instructions();
    match measurement.instructions.iter().min() {
        Some(&least) if least < most => format!("{} (-{})", grouped(most), grouped(most - least)),
        _ => grouped(most),
    }
}

fn reference(agreement: &Option<Agreement>) -> String {
    match agreement {
        None => "-".into(),
        Some(Agreement { wrong: 0, .. }) => "same".into(),
        Some(Agreement { wrong, of, largest }) => format!("{wrong} of {of} by {largest}"),
    }
}

const HEADINGS: [&str; 20] = [
    "model",
    "core",
    "opt",
    "instructions",
    "per MAC",
    "code",
    "tables",
    "weights",
    "arena",
    "buffers",
    "stack",
    "bound",
    "panic",
    "fmt",
    "alloc",
    "soft float",
    "div64",
    "as host",
    "reference",
    "CMSIS-NN",
];

fn row(m: &Measurement) -> [String; 20] {
    let symbols = &m.symbols;
    [
        m.model.clone(),
        m.core.clone(),
        m.opt.clone(),
        instructions(m),
        per_mac(m.most_instructions(), m.macs),
        grouped(m.code),
        grouped(m.tables),
        grouped(m.weights),
        grouped(m.arena as u64),
        grouped(m.buffers as u64),
        grouped(m.stack.into()),
        match m.stack_bound.unbounded.is_empty() {
            true => grouped(m.stack_bound.bytes),
            false => "none".into(),
        },
        symbols.panics.len().to_string(),
        symbols.formats.len().to_string(),
        symbols.allocators.len().to_string(),
        symbols.soft_floats.len().to_string(),
        symbols.divisions.len().to_string(),
        if m.differs_from_host.is_none() { "yes" } else { "NO" }.into(),
        reference(&m.reference),
        baselines::cmsis_nn(&m.model, &m.core).map_or("-".into(), grouped),
    ]
}

/// Columns of equal width, as a terminal shows them.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(i, (cell, &width))| match i {
            0..3 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

/// A Markdown table; the first three columns are text.
fn markdown(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        let _ = writeln!(text, "| {} |", row.join(" | "));
        if i == 0 {
            let rules = (0..row.len()).map(|column| if column < 3 { "---" } else { "--:" });
            let _ = writeln!(text, "|{}|", rules.collect::<Vec<_>>().join("|"));
        }
    }
    text
}

fn rows(measurements: &[Measurement]) -> Vec<Vec<String>> {
    let headings = HEADINGS.iter().map(|heading| (*heading).to_owned()).collect();
    std::iter::once(headings)
        .chain(measurements.iter().map(|m| row(m).to_vec()))
        .collect()
}

fn layer_rows(measurement: &Measurement) -> Vec<Vec<String>> {
    let headings = [
        "call",
        "kernel",
        "output",
        "MACs",
        "instructions",
        "per MAC",
        "CMSIS-NN",
    ];
    let mut rows = vec![headings.map(str::to_owned).to_vec()];
    for layer in &measurement.layers {
        let output: Vec<_> = layer.output.iter().map(usize::to_string).collect();
        rows.push(vec![
            layer.name.clone(),
            layer.kernel.clone(),
            output.join("x"),
            grouped(layer.macs),
            grouped(layer.instructions),
            per_mac(layer.instructions, layer.macs),
            baselines::cmsis_nn_layer(&measurement.model, &measurement.core, layer.macs).map_or("-".into(), grouped),
        ]);
    }
    rows
}

fn title(m: &Measurement) -> String {
    format!("{} on {} at opt-level {}", m.model, m.core, m.opt)
}

/// The tables for a terminal.
pub fn text(measurements: &[Measurement]) -> String {
    let mut text = aligned(&rows(measurements));
    for measurement in measurements.iter().filter(|m| !m.layers.is_empty()) {
        let _ = write!(text, "\n{}\n{}", title(measurement), aligned(&layer_rows(measurement)));
    }
    text
}

/// The page of the documentation.
pub fn page(measurements: &[Measurement], command: &str) -> String {
    let mut text = format!(
        "{}\n```sh\n{command}\n```\n\n{}",
        include_str!("page.md"),
        markdown(&rows(measurements))
    );
    for measurement in measurements.iter().filter(|m| !m.layers.is_empty()) {
        let _ = write!(
            text,
            "\n## {}\n\n{}",
            title(measurement),
            markdown(&layer_rows(measurement))
        );
    }
    text.push_str(baselines::NOTE);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1 000", "1 234 567"]
        );
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "b", "c", "d"], ["aa", "b", "c", "10"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&rows), "a   b  c   d\naa  b  c  10\n");
        assert_eq!(
            markdown(&rows),
            "| a | b | c | d |\n|---|---|---|--:|\n| aa | b | c | 10 |\n"
        );
    }
}
