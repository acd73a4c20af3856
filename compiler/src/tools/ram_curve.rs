//! What less RAM costs: a model compiled within smaller and smaller budgets.

use crate::back::report::grouped;
use crate::front::load::Model;
use crate::{Compiler, Error, Remark, RemarkKind};
use serde::Serialize;
use std::fmt;

/// Parts of the arena that a model takes without a budget, in per cent, that are tried.
const PERCENT: &[usize] = &[90, 80, 70, 60, 50, 40, 33, 25, 20, 16, 12];

/// A model compiled within a budget.
#[derive(Clone, Debug, Serialize)]
pub struct RamPoint {
    /// Bytes that `--ram` allows; `None` for the model without a budget.
    pub budget: Option<usize>,
    /// Bytes of the arena.
    pub arena: usize,
    /// Multiply-accumulates of one inference, with those that tiles compute again.
    pub macs: u64,
    /// Kernel calls.
    pub calls: usize,
    /// What runs in tiles, and how many layers overwrite their input.
    pub tiles: Vec<Remark>,
}

/// The arena against the work of an inference.
#[derive(Clone, Debug, Serialize)]
pub struct RamCurve {
    /// Bytes of the inputs, which a budget counts too.
    pub input_bytes: usize,
    /// From the most RAM to the least.
    pub points: Vec<RamPoint>,
}

impl RamCurve {
    /// Compiles a model without a budget, and within less and less RAM as far as tiles go.
    ///
    /// # Errors
    /// If it does not compile without a budget.
    pub fn of(compiler: &Compiler, model: &Model) -> Result<Self, Error> {
        let point = |budget: Option<usize>| {
            let compiler = budget.map_or_else(|| compiler.clone(), |bytes| compiler.clone().ram(bytes));
            let report = compiler.compile_model(model, &mut |_, _| {})?.report;
            let saves = |remark: &&Remark| matches!(remark.kind, RemarkKind::Tiles | RemarkKind::Overlap);
            let tiles = report.remarks.iter().filter(saves);
            let point = RamPoint {
                budget,
                arena: report.ram,
                macs: report.macs,
                calls: report.calls.len(),
                tiles: tiles.cloned().collect(),
            };
            Ok::<_, Error>((point, report.input_bytes))
        };
        let (whole, input_bytes) = point(None)?;
        let mut points = vec![whole];
        for percent in PERCENT {
            let budget = input_bytes + points[0].arena * percent / 100;
            // A smaller budget may do where a larger one did not: other tiles are tried.
            let Ok((found, _)) = point(Some(budget)) else { continue };
            if points.last().is_some_and(|last| found.arena < last.arena) {
                points.push(found);
            }
        }
        Ok(Self { input_bytes, points })
    }
}

impl fmt::Display for RamCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = &self.points[0];
        writeln!(
            f,
            "What less RAM costs, with {} B of inputs:",
            grouped(self.input_bytes as u64)
        )?;
        writeln!(
            f,
            "{:>12}  {:>11}  {:>4}  {:>14}  {:>6}",
            "--ram", "arena", "", "MACs", "calls"
        )?;
        for point in &self.points {
            let budget = point.budget.map_or("-".to_owned(), |bytes| grouped(bytes as u64));
            let percent = 100 * point.arena / whole.arena.max(1);
            writeln!(
                f,
                "{budget:>12}  {:>9} B  {percent:>3}%  {:>14}  {:>6}",
                grouped(point.arena as u64),
                grouped(point.macs),
                point.calls,
            )?;
        }
        match self.points.last().filter(|point| !point.tiles.is_empty()) {
            Some(last) => last
                .tiles
                .iter()
                .try_for_each(|remark| writeln!(f, "the last line: {remark}")),
            None => writeln!(f, "no layers were found that save memory by rows or in tiles"),
        }
    }
}
