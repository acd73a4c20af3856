//! The report as the command prints it.

use super::Report;
use crate::ir::Printable;
use std::fmt::{self, Write as _};

/// `1 234 567`.
pub(crate) fn grouped(number: u64) -> String {
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

/// `1x28x28`, or `scalar`.
pub(crate) fn dims(shape: &[usize]) -> String {
    if shape.is_empty() {
        "scalar".into()
    } else {
        shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self.calls.len();
        let kernels: Vec<_> = self
            .kernels
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        writeln!(f, "{}", Printable(&self.model))?;
        writeln!(f, "  kernel calls  {calls} ({})", kernels.join(", "))?;
        if let Some(training) = &self.training {
            writeln!(
                f,
                "  training      {} parameters; {} of the calls are the inference, and a step runs all, {} MACs",
                grouped(training.parameters as u64),
                training.inference_calls,
                grouped(training.macs)
            )?;
            if let Some(bytes) = training.sum_bytes {
                writeln!(f, "  sums          {} B of RAM, of gradients", grouped(bytes as u64))?;
            }
        }
        for (index, line) in self.stream.iter().flat_map(|stream| stream.lines()).enumerate() {
            let head = if index == 0 { "stream" } else { "" };
            writeln!(f, "  {head:<13} {}", Printable(line))?;
        }
        writeln!(f, "  target        {}", self.target)?;
        writeln!(f, "  MACs          {}", grouped(self.macs))?;
        let mut bound = match self.ram - self.ram_lower_bound {
            _ if self.ram_any_order == Some(self.ram) => "optimal: no order of the calls needs less".to_owned(),
            0 => "equal to the lower bound for this order".to_owned(),
            _ if self.ram_is_least => "the least for this order".to_owned(),
            _ => format!(
                "lower bound {} B, gap {:.1} %",
                grouped(self.ram_lower_bound as u64),
                100.0 * (self.ram - self.ram_lower_bound) as f64 / self.ram_lower_bound.max(1) as f64
            ),
        };
        if let Some(any_order) = self.ram_any_order.filter(|bytes| *bytes < self.ram) {
            let _ = write!(bound, "; no order needs less than {} B", grouped(any_order as u64));
        }
        if let Some(by_rows) = self.ram_by_rows {
            let _ = write!(bound, "; {} B with --overlap always", grouped(by_rows as u64));
        }
        writeln!(
            f,
            "  RAM           {} B, the stack apart ({bound})",
            grouped(self.ram as u64)
        )?;
        write!(f, "  weights       {} B", grouped(self.weights as u64))?;
        match self.self_test {
            Some(bytes) => writeln!(f, ", {} B of them the case of the self-test", grouped(bytes as u64))?,
            None => writeln!(f)?,
        }
        if let Some(fast) = &self.fast_weights {
            writeln!(f, "  fast weights  {fast}")?;
        }
        let budget = |used: usize, budget: usize| {
            let percent = 100.0 * used as f64 / budget.max(1) as f64;
            format!(
                "{} of {} B ({percent:.0} %)",
                grouped(used as u64),
                grouped(budget as u64)
            )
        };
        if let Some(ram) = self.ram_budget {
            let used = budget(self.ram + self.input_bytes, ram);
            writeln!(
                f,
                "  RAM budget    {used}, with {} B of inputs, the stack apart",
                grouped(self.input_bytes as u64)
            )?;
        }
        if let Some(flash) = self.flash_budget {
            writeln!(f, "  flash budget  {}, the code apart", budget(self.weights, flash))?;
        }
        for line in self.remark_lines() {
            writeln!(f, "  {}", Printable(line))?;
        }
        Ok(())
    }
}
