use crate::back::lower::lower;
use crate::back::plan::{Plan, plan};
use crate::back::tile;
use crate::error::Error;
use crate::ir::program::Program;
use crate::ir::{Graph, Remark};
use crate::machine::Machine;

/// Lowers a graph and plans its memory. Where it takes more RAM than the machine has for it, layers run in tiles, if that
/// helps; the remarks say which.
///
/// # Errors
/// If an operator has no kernel in its present form.
pub(super) fn in_memory(graph: &Graph, machine: &Machine) -> Result<(Program, Plan, Vec<Remark>), Error> {
    let program = lower(graph, machine)?;
    let planned = plan(&program, machine);
    let inputs: usize = program
        .inputs
        .iter()
        .map(|port| port.ty.len() * port.ty.dtype.size())
        .sum();
    let budget = machine.ram.map(|ram| ram.saturating_sub(inputs));
    if let Some(budget) = budget.filter(|budget| planned.peak > *budget)
        && let Some(fitted) = tile::fit(|| lower(graph, machine).ok(), budget, machine)
    {
        let remarks = fitted.segments.iter().map(tile::Segment::remark).collect();
        return Ok((fitted.program, fitted.plan, remarks));
    }
    Ok((program, planned, vec![]))
}
