use crate::back::lower::lower;
use crate::back::plan::{Plan, plan};
use crate::back::tile;
use crate::error::Error;
use crate::ir::program::Program;
use crate::ir::{Graph, Remark};
use crate::machine::Machine;

/// Parts of the arena without tiles, in per cent, of which the least is looked for that tiles reach.
const PERCENT: &[usize] = &[12, 16, 20, 25, 33, 40, 50, 60, 70, 80, 90, 99];

/// A program in memory.
pub(super) struct InMemory {
    pub(super) program: Program,
    pub(super) plan: Plan,
    /// What runs in tiles.
    pub(super) tiles: Vec<Remark>,
    /// Where tiles do not reach the budget: the RAM for which there are some, inputs included.
    pub(super) least: Option<usize>,
}

/// Lowers a graph and plans its memory. Where it takes more RAM than the machine has for it, layers run in tiles, if that
/// helps.
///
/// # Errors
/// If an operator has no kernel in its present form.
pub(super) fn in_memory(graph: &Graph, machine: &Machine) -> Result<InMemory, Error> {
    let program = lower(graph, machine)?;
    let planned = plan(&program, machine);
    let inputs: usize = program
        .inputs
        .iter()
        .map(|port| port.ty.len() * port.ty.dtype.size())
        .sum();
    let budget = machine.ram.map(|ram| ram.saturating_sub(inputs));
    let mut least = None;
    if let Some(budget) = budget.filter(|budget| planned.peak > *budget) {
        let fit = |budget: usize| tile::fit(|| lower(graph, machine).ok(), budget, machine);
        if let Some(fitted) = fit(budget) {
            return Ok(InMemory {
                program: fitted.program,
                plan: fitted.plan,
                tiles: fitted.segments.iter().map(tile::Segment::remark).collect(),
                least,
            });
        }
        let budgets = PERCENT.iter().map(|percent| planned.peak * percent / 100);
        let budgets: Vec<usize> = budgets.filter(|larger| *larger > budget).collect();
        // What fits a budget fits a larger one, nearly always: a few tries are enough for a hint.
        let fits_not = |budget: &usize| fit(*budget).is_none();
        least = budgets
            .get(budgets.partition_point(fits_not))
            .map(|budget| inputs + budget);
    }
    Ok(InMemory {
        program,
        plan: planned,
        tiles: vec![],
        least,
    })
}
