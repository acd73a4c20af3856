//! Ways to compute a node, of which one is chosen for the machine. All of them give the same integers.

use crate::ir::{Lowering, OpError};
use crate::machine::{Cost, Machine};
use std::fmt;

/// Adds the calls of a candidate.
type Lower<'a> = Box<dyn FnOnce(&mut Lowering<'_>) -> Result<(), OpError> + 'a>;

/// One way to compute a node.
pub struct Candidate<'a> {
    /// The kernel that does the work.
    pub kernel: &'static str,
    /// How its weights are stored.
    pub layout: &'static str,
    /// What it takes on this machine.
    pub cost: Cost,
    pub(super) lower: Lower<'a>,
}

impl<'a> Candidate<'a> {
    /// A candidate whose calls `lower` adds.
    pub fn new(
        kernel: &'static str,
        layout: &'static str,
        cost: Cost,
        lower: impl FnOnce(&mut Lowering<'_>) -> Result<(), OpError> + 'a,
    ) -> Self {
        Self {
            kernel,
            layout,
            cost,
            lower: Box::new(lower),
        }
    }
}

impl fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}, {:?}", self.kernel, self.layout, self.cost)
    }
}

/// Chooses among candidates.
pub trait Select {
    /// The machine that the calls are for.
    fn machine(&self) -> &Machine;

    /// The index of one of these candidates, of which there are several, and why it is chosen.
    fn select(&self, candidates: &[Candidate<'_>]) -> (usize, String);
}
