//! Which of a node's candidates is lowered.

use crate::ir::{Candidate, Select};
use crate::machine::{Cost, Favour, Machine};

/// Takes the candidate that was measured to be the fastest or, where none was, that of the least cost on a machine, of
/// equals the first.
pub(super) struct Cheapest<'m>(pub(super) &'m Machine);

impl Select for Cheapest<'_> {
    fn machine(&self) -> &Machine {
        self.0
    }

    fn select(&self, layer: &str, candidates: &[Candidate<'_>]) -> (usize, String) {
        let tuned = self.0.tuned.of(layer);
        let is_tuned = |candidate: &Candidate<'_>| {
            tuned.is_some_and(|way| way.kernel == candidate.kernel && way.layout == candidate.layout)
        };
        if let Some(index) = candidates.iter().position(is_tuned) {
            return (index, "it was measured to be the fastest".into());
        }
        let rank = |index: &usize| self.0.rank(&candidates[*index].cost);
        let best = (0..candidates.len()).min_by_key(rank).unwrap_or_default();
        let others = candidates.iter().enumerate().filter(|(index, _)| *index != best);
        let others: Vec<_> = others
            .map(|(_, other)| format!("{} of {} {}", other.kernel, other.layout, estimate(&other.cost)))
            .collect();
        let favoured = match self.0.favour {
            Favour::Speed => "speed",
            Favour::Flash => "flash",
        };
        let mine = estimate(&candidates[best].cost);
        (best, format!("{mine}, favouring {favoured}; {}", others.join("; ")))
    }
}

/// What a candidate takes, in words.
fn estimate(cost: &Cost) -> String {
    format!(
        "about {} instructions and {} B of weights",
        cost.time / 1000,
        cost.flash
    )
}
