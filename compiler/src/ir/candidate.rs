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

/// The ways to compute a node on a machine, and why a kernel that the machine has instructions for is none.
#[derive(Debug, Default)]
pub struct Offers<'a> {
    pub(super) candidates: Vec<Candidate<'a>>,
    pub(super) declined: Vec<String>,
}

impl<'a> Offers<'a> {
    /// Whether nothing was added, reasons neither.
    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty() && self.declined.is_empty()
    }

    /// Adds ways.
    pub fn extend(&mut self, candidates: impl IntoIterator<Item = Candidate<'a>>) {
        self.candidates.extend(candidates);
    }

    /// Adds ways of the machine's own, or the reasons why they are none.
    pub fn add(&mut self, offers: Vec<Result<Candidate<'a>, String>>) {
        for offer in offers {
            match offer {
                Ok(candidate) => self.candidates.push(candidate),
                Err(reason) => self.declined.push(reason),
            }
        }
    }
}

impl<'a> From<Vec<Candidate<'a>>> for Offers<'a> {
    fn from(candidates: Vec<Candidate<'a>>) -> Self {
        Self {
            candidates,
            declined: vec![],
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

    /// The index of one of the candidates for a layer, by the name of its node, of which there are several, and why it
    /// is chosen.
    fn select(&self, layer: &str, candidates: &[Candidate<'_>]) -> (usize, String);
}
