use super::emit::grouped;
use super::plan::Plan;
use crate::ir::program::Program;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What a compiled model costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Name of the model.
    pub model: String,
    /// Kernel calls, by kernel.
    pub kernels: BTreeMap<String, usize>,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Bytes of the arena.
    pub ram: usize,
    /// What any memory plan for this order of calls needs at least, in bytes.
    pub ram_lower_bound: usize,
    /// Bytes of constant tensors.
    pub weights: usize,
    /// Remarks.
    pub notes: Vec<String>,
}

impl Summary {
    /// The summary of a planned program, with remarks.
    pub fn of(program: &Program, plan: &Plan, notes: &[String]) -> Self {
        let mut kernels = BTreeMap::new();
        for call in &program.calls {
            *kernels.entry(call.kernel.name().to_owned()).or_default() += 1;
        }
        Self {
            model: program.name.clone(),
            kernels,
            macs: program.macs(),
            ram: plan.peak,
            ram_lower_bound: plan.lower_bound,
            weights: program.weight_bytes(),
            notes: notes.to_vec(),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls: usize = self.kernels.values().sum();
        let kernels: Vec<_> = self
            .kernels
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        writeln!(f, "{}", self.model)?;
        writeln!(f, "  kernel calls  {calls} ({})", kernels.join(", "))?;
        writeln!(f, "  MACs          {}", grouped(self.macs))?;
        let bound = match self.ram - self.ram_lower_bound {
            0 => "equal to the lower bound for this order".to_owned(),
            _ => format!(
                "lower bound {} B, gap {:.1} %",
                grouped(self.ram_lower_bound as u64),
                100.0 * (self.ram - self.ram_lower_bound) as f64 / self.ram_lower_bound.max(1) as f64
            ),
        };
        writeln!(f, "  RAM           {} B ({bound})", grouped(self.ram as u64))?;
        writeln!(f, "  weights       {} B", grouped(self.weights as u64))?;
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        Ok(())
    }
}
