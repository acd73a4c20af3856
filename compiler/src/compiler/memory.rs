use super::Compiler;
use crate::back::lower::lower;
use crate::back::plan::{Plan, plan};
use crate::back::tile;
use crate::error::Error;
use crate::ir::program::Program;
use crate::ir::{Graph, Remark, RemarkKind};
use crate::machine::{Machine, Overlapping};

/// Parts of the arena without tiles, in per cent, of which the least is looked for that tiles reach.
const PERCENT: &[usize] = &[12, 16, 20, 25, 33, 40, 50, 60, 70, 80, 90, 99];
/// Budgets below the one that is given for which tiles are tried, too.
const SMALLER_BUDGETS: usize = 2;
/// The part of the arena that is told of, if layers that overwrite their input save as much.
const WORTH_TELLING: usize = 16;

/// A program in memory.
pub(super) struct InMemory {
    pub(super) program: Program,
    pub(super) plan: Plan,
    /// What saves memory.
    pub(super) notes: Vec<Remark>,
    /// Where tiles do not reach the budget: the RAM for which there are some, inputs included.
    pub(super) least: Option<usize>,
    /// Bytes of the arena if layers overwrote their input, if that is much less.
    pub(super) ram_by_rows: Option<usize>,
}

impl Compiler {
    /// When layers overwrite their input row by row, which takes less RAM and some more instructions and code. The
    /// results are the same to the bit.
    pub fn overlap(mut self, when: Overlapping) -> Self {
        self.overlap = when;
        self
    }
}

/// Lowers a graph and plans its memory. Where it takes more RAM than the machine has for it, layers overwrite their
/// input row by row, or run in tiles, if that helps.
///
/// # Errors
/// If an operator has no kernel in its present form.
pub(super) fn in_memory(graph: &Graph, machine: &Machine) -> Result<InMemory, Error> {
    let program = lower(graph, machine)?;
    let whole = plan(&program, machine);
    let inputs: usize = program
        .inputs
        .iter()
        .map(|port| port.ty.len() * port.ty.dtype.size())
        .sum();
    let budget = machine.ram.map(|ram| ram.saturating_sub(inputs));
    let exceeded = budget.filter(|budget| whole.peak > *budget);
    let always = machine.clone().overlap(Overlapping::Always);
    let may_overlap = machine.overlap == Overlapping::IfNeeded && (machine.microcontroller || exceeded.is_some());
    let by_rows = may_overlap.then(|| plan(&program, &always));
    let by_rows = by_rows.filter(|by_rows| by_rows.peak < whole.peak);
    let mut found = InMemory {
        ram_by_rows: by_rows
            .as_ref()
            .map(|by_rows| by_rows.peak)
            .filter(|bytes| whole.peak - bytes >= whole.peak / WORTH_TELLING),
        program,
        plan: whole,
        notes: vec![],
        least: None,
    };
    if let Some(budget) = exceeded {
        let mut least = found.plan.peak;
        if let Some(by_rows) = by_rows {
            least = least.min(by_rows.peak);
            if by_rows.peak <= budget {
                (found.plan, found.ram_by_rows) = (by_rows, None);
                found.notes.extend(overlaps(&found.plan));
                return Ok(found);
            }
        }
        let machines = [machine, &always];
        let machines = &machines[..if may_overlap { 2 } else { 1 }];
        found.in_tiles(graph, machines, budget, least, inputs);
    } else {
        found.notes.extend(overlaps(&found.plan));
    }
    Ok(found)
}

impl InMemory {
    /// Runs layers in tiles, so that the arena has at most `budget` bytes, and at first without layers that overwrite
    /// their input. Where that cannot be, looks for the least budget below `least` that can.
    fn in_tiles(&mut self, graph: &Graph, machines: &[&Machine], budget: usize, least: usize, inputs: usize) {
        let fit = |budget: usize| {
            let mut fitted = machines
                .iter()
                .map(|machine| tile::fit(|| lower(graph, machine).ok(), budget, machine));
            fitted.find_map(|fitted| fitted)
        };
        let budgets: Vec<usize> = PERCENT.iter().map(|percent| self.plan.peak * percent / 100).collect();
        // Other tiles are tried for a smaller budget: they may do where those for this one do not.
        let smaller = budgets.iter().rev().filter(|smaller| **smaller < budget);
        let smaller = smaller.take(SMALLER_BUDGETS);
        if let Some(fitted) = fit(budget).or_else(|| smaller.copied().find_map(fit)) {
            self.notes.extend(fitted.segments.iter().map(tile::Segment::remark));
            self.notes.extend(overlaps(&fitted.plan));
            (self.program, self.plan) = (fitted.program, fitted.plan);
            self.ram_by_rows = None;
            return;
        }
        let larger = budgets
            .into_iter()
            .filter(|larger| (budget + 1..least).contains(larger));
        let budgets: Vec<usize> = larger.collect();
        // What fits a budget fits a larger one, nearly always: a few tries are enough for a hint.
        let fits_not = |budget: &usize| fit(*budget).is_none();
        let tiles = budgets.get(budgets.partition_point(fits_not)).copied();
        let without = Some(least).filter(|least| *least < self.plan.peak);
        self.least = tiles.or(without).map(|budget| inputs + budget);
    }
}

/// What the user should know of layers that overwrite their input, if there are some.
fn overlaps(plan: &Plan) -> Option<Remark> {
    let count = plan.overlaps.iter().flatten().count();
    let layers = match count {
        0 => return None,
        1 => "one layer overwrites its input".to_owned(),
        _ => format!("{count} layers overwrite their input"),
    };
    let reason = format!("{layers} row by row, which takes less RAM and some more instructions and code");
    Some(Remark::of_model(RemarkKind::Overlap, reason).advise("--overlap never: each has memory of its own"))
}
