//! From a [`Graph`](crate::ir::Graph) to kernel calls in planned memory, printed as source or run on the host.

pub mod budget;
pub(crate) mod channels_last;
pub mod emit;
pub mod exec;
pub(crate) mod gate_panels;
pub mod golden;
pub mod lower;
pub mod plan;
pub mod report;
pub mod sections;
pub(crate) mod threads;
pub mod tile;

pub use report::Report;

use crate::Error;
use crate::ir::program::Program;
use crate::ir::{Graph, NodeId, OpError, Operator, ValueId};
use crate::machine::Machine;
use plan::Plan;

/// Adds an operator with one output on behalf of a node.
pub(crate) type Add = fn(&mut Graph, NodeId, Box<dyn Operator>, &[ValueId]) -> Result<ValueId, OpError>;

/// A graph lowered and planned for the [portable](Machine::portable) machine, to be run by the [executor](exec): for
/// those who want its results and not its code, such as constant folding and calibration.
///
/// # Errors
/// If an operator has no kernel in its present form.
pub fn portable(graph: &Graph) -> Result<(Program, Plan), Error> {
    let machine = Machine::portable();
    let program = lower::lower(graph, &machine)?;
    let plan = plan::quick(&program, &machine);
    Ok((program, plan))
}
