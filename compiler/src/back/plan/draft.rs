use super::lifetime::{self, Block, Chosen, Lifetime, lower_bound};
use super::overlap::{self, Distances};
use super::{Plan, place};
use crate::ir::program::{BufferId, Program};

/// How often the calls that take most are looked for, of which some may then overlap.
const MOST_ROUNDS: usize = 64;

/// A plan for one order of calls.
pub(super) struct Draft {
    pub(super) order: Vec<usize>,
    pub(super) in_place: Vec<bool>,
    /// The distances of the calls that overlap.
    pub(super) overlapping: Vec<Option<Distances>>,
    pub(super) lifetimes: Vec<Option<Lifetime>>,
    pub(super) blocks: Vec<Block>,
    /// For each buffer its first byte in its block.
    pub(super) within: Vec<usize>,
    /// First byte of each block.
    pub(super) offsets: Vec<usize>,
    pub(super) peak: usize,
    pub(super) lower_bound: usize,
    pub(super) is_least: bool,
}

impl Draft {
    /// Lets calls overlap where the most is live, if there are distances for some.
    pub(super) fn of(program: &Program, order: Vec<usize>, alignment: usize, distances: &[Option<Distances>]) -> Self {
        if distances.iter().all(Option::is_none) {
            return Self::placed(program, order, alignment, Chosen::none(distances), place);
        }
        let with = |beside| Self::overlapped(program, &order, alignment, Chosen { distances, beside });
        let [beside, not] = [true, false].map(with);
        if beside.peak <= not.peak { beside } else { not }
    }

    /// Lets calls overlap where the most is live, again and again, and keeps what takes the least, with as few of them
    /// as that needs.
    fn overlapped(
        program: &Program,
        order: &[usize],
        alignment: usize,
        Chosen { distances, beside }: Chosen<'_>,
    ) -> Self {
        let with = |distances: &[Option<Distances>]| {
            let overlapping = Chosen { distances, beside };
            Self::placed(program, order.to_vec(), alignment, overlapping, place)
        };
        let mut chosen = vec![None; program.calls.len()];
        let mut best: Option<Self> = None;
        for _ in 0..MOST_ROUNDS {
            let draft = with(&chosen);
            // What an output shares with its input is live for as long as both: other calls may have to overlap, too.
            let mut new = draft.fullest();
            new.retain(|index| chosen[*index].is_none() && distances[*index].is_some());
            best = Some(match best {
                Some(best) if best.peak <= draft.peak => best,
                _ => draft,
            });
            if new.is_empty() {
                break;
            }
            new.iter().for_each(|index| chosen[*index] = distances[*index]);
        }
        let mut best = best.unwrap_or_else(|| with(&chosen));
        for index in 0..program.calls.len() {
            let mut fewer = best.overlapping.clone();
            if fewer[index].take().is_some() {
                let draft = with(&fewer);
                best = if draft.peak <= best.peak { draft } else { best };
            }
        }
        if best.overlapping.iter().any(Option::is_some) {
            best.lower_bound = best.live(program, alignment);
            best.is_least = best.peak == best.lower_bound;
        }
        best
    }

    /// With the blocks where `place` puts them: their first bytes, and how much they take together. Calls with
    /// distances overlap.
    pub(super) fn placed(
        program: &Program,
        order: Vec<usize>,
        alignment: usize,
        overlapping: Chosen<'_>,
        place: fn(&[Block]) -> (Vec<usize>, usize),
    ) -> Self {
        let lifetimes = lifetime::lifetimes(program, &order);
        let joined = lifetime::join(program, &order, &lifetimes, overlapping, alignment);
        let (offsets, peak) = place(&joined.blocks);
        let lower_bound = lower_bound(&joined.blocks);
        let overlapping = overlapping.distances.iter().zip(joined.overlapping);
        Self {
            order,
            in_place: joined.in_place,
            overlapping: overlapping
                .map(|(distances, overlaps)| distances.filter(|_| overlaps))
                .collect(),
            lifetimes,
            blocks: joined.blocks,
            within: joined.within,
            offsets,
            peak,
            lower_bound,
            is_least: peak == lower_bound,
        }
    }

    /// The most bytes that are live at one step. What an output shares with an input counts once.
    fn live(&self, program: &Program, alignment: usize) -> usize {
        let size = |id: BufferId| program.buffer(id).bytes().next_multiple_of(alignment);
        let lives = self.lifetimes.iter().enumerate();
        let whole = lives.filter_map(|(id, life)| Some(Block::of(BufferId(id), size(BufferId(id)), (*life)?)));
        let mut sums = lifetime::sums(&whole.collect::<Vec<_>>());
        for (step, index) in self.order.iter().enumerate() {
            let call = &program.calls[*index];
            let y = call.outputs[0].buffer;
            let input = match self.overlapping[*index] {
                Some(_) => Some(0),
                None => call.in_place.filter(|_| self.in_place[*index]),
            };
            if let Some(x) = input.map(|input| call.inputs[input].buffer).filter(|x| *x != y) {
                let [from, to] = [x, y].map(|id| (self.within[id.0], self.within[id.0] + size(id)));
                sums[step] -= from.1.min(to.1).saturating_sub(from.0.max(to.0));
            }
        }
        sums.into_iter().max().unwrap_or(0)
    }

    /// The calls that run while the most is live.
    fn fullest(&self) -> Vec<usize> {
        let sums = lifetime::sums(&self.blocks);
        let most = sums.iter().max().copied().unwrap_or(0);
        let steps = self.order.iter().zip(sums);
        steps.filter(|(_, sum)| *sum == most).map(|(index, _)| *index).collect()
    }

    pub(super) fn plan(self, program: &Program) -> Plan {
        let mut offsets = vec![None; program.buffers.len()];
        for (block, offset) in self.blocks.iter().zip(&self.offsets) {
            for BufferId(buffer) in &block.buffers {
                debug_assert!(program.buffers[*buffer].storage.is_in_arena());
                offsets[*buffer] = Some(*offset + self.within[*buffer]);
            }
        }
        Plan {
            order: self.order,
            in_place: self.in_place,
            overlaps: overlap::overlaps(program, &self.overlapping, &offsets),
            offsets,
            lifetimes: self.lifetimes,
            peak: self.peak,
            lower_bound: self.lower_bound,
            is_least: self.is_least,
            any_order: None,
        }
    }
}
