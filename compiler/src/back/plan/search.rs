//! The best placement of blocks, where first fit does not find it.
//!
//! Any placement can be pushed down until each block rests on another one or on the bottom, without growing. Built in
//! the order of their offsets, the blocks of such a placement each lie on top of what is there before them: so a search
//! that always adds a block on top of the others, never below the one before, sees the best placement.

use super::{Block, lower_bound};

/// What a search may cost, in looks at a step of a block's life: a bound that is the same on every machine.
const EFFORT: usize = 50_000_000;

/// Blocks beyond which nothing is searched for: each takes a level of the stack.
const MAX_BLOCKS: usize = 512;

/// What a search found.
pub(super) struct Found {
    /// Offsets of the blocks, and the bytes that they need together, if that is less than it might be.
    pub(super) placement: Option<(Vec<usize>, usize)>,
    /// Whether nothing is smaller: it has seen all that could be.
    pub(super) is_least: bool,
}

/// Looks for a placement of fewer than `most` bytes.
pub(super) fn search(blocks: &[Block], most: usize) -> Found {
    if blocks.len() > MAX_BLOCKS {
        return Found {
            placement: None,
            is_least: false,
        };
    }
    // The tighter the limit the more ways it rules out: first the best that could be.
    let bound = lower_bound(blocks);
    let mut complete = false;
    for most in [most.min(bound.saturating_add(1)), most] {
        let mut search = Search::of(blocks, most);
        complete = search.extend(0, 0);
        if search.best.is_some() {
            let is_least = complete || search.most == bound;
            return Found {
                placement: search.best,
                is_least,
            };
        }
    }
    Found {
        placement: None,
        is_least: complete,
    }
}

struct Search {
    /// Bytes of each block, and the first and the last of its steps: those in which a block begins.
    blocks: Vec<(usize, usize, usize)>,
    /// For each such step the top of what is placed, and the bytes that are not.
    top: Vec<usize>,
    left: Vec<usize>,
    offsets: Vec<Option<usize>>,
    /// Placements must be smaller than this.
    most: usize,
    bound: usize,
    effort: usize,
    best: Option<(Vec<usize>, usize)>,
}

impl Search {
    fn of(blocks: &[Block], most: usize) -> Self {
        // Where blocks meet, they meet in the first step of one of them.
        let mut steps: Vec<usize> = blocks.iter().map(|block| block.first).collect();
        steps.sort_unstable();
        steps.dedup();
        let place = |step: usize| steps.partition_point(|first| *first <= step) - 1;
        let lives = blocks
            .iter()
            .map(|block| (block.bytes, place(block.first), place(block.last)));
        let lives: Vec<_> = lives.collect();
        let mut left = vec![0; steps.len()];
        for (bytes, first, last) in &lives {
            left[*first..=*last].iter_mut().for_each(|left| *left += bytes);
        }
        Self {
            top: vec![0; steps.len()],
            left,
            offsets: vec![None; blocks.len()],
            blocks: lives,
            most,
            bound: lower_bound(blocks),
            effort: EFFORT,
            best: None,
        }
    }

    /// Places the blocks that are left, none below `floor`, and of those at the floor none before `next`. Whether all
    /// ways were seen.
    fn extend(&mut self, floor: usize, next: usize) -> bool {
        let mut ways = vec![];
        let mut all = true;
        for (index, (bytes, first, last)) in self.blocks.iter().enumerate() {
            if self.offsets[index].is_some() {
                continue;
            }
            all = false;
            self.effort = self.effort.saturating_sub(last + 1 - first);
            let offset = self.top[*first..=*last].iter().copied().max().unwrap_or(0);
            // Blocks that rest below the floor were left out before: they would have come earlier.
            if offset + bytes < self.most && (offset, index) >= (floor, next) {
                ways.push((offset, usize::MAX - bytes, usize::MAX - (last - first), index));
            }
        }
        if all {
            let offsets: Vec<usize> = self.offsets.iter().flatten().copied().collect();
            self.most = self.peak();
            self.best = Some((offsets, self.most));
            return true;
        }
        ways.sort_unstable();
        for (offset, _, _, index) in ways {
            if self.effort == 0 {
                return false;
            }
            if self.most == self.bound {
                return true;
            }
            if offset + self.blocks[index].0 >= self.most {
                continue;
            }
            let before = self.put(index, offset);
            let complete = !self.can_fit(offset) || self.extend(offset, index);
            self.take_back(index, before);
            if !complete {
                return false;
            }
        }
        true
    }

    /// Whether what is left may still fit: all of it comes above the floor.
    fn can_fit(&mut self, floor: usize) -> bool {
        self.effort = self.effort.saturating_sub(self.top.len());
        let mut steps = self.top.iter().zip(&self.left);
        steps.all(|(top, left)| *left == 0 || (*top).max(floor) + left < self.most)
    }

    /// Places a block, and gives the tops that were there.
    fn put(&mut self, index: usize, offset: usize) -> Vec<usize> {
        let (bytes, first, last) = self.blocks[index];
        let before = self.top[first..=last].to_vec();
        self.top[first..=last].fill(offset + bytes);
        self.left[first..=last].iter_mut().for_each(|left| *left -= bytes);
        self.offsets[index] = Some(offset);
        before
    }

    fn take_back(&mut self, index: usize, before: Vec<usize>) {
        let (bytes, first, last) = self.blocks[index];
        self.top[first..=last].copy_from_slice(&before);
        self.left[first..=last].iter_mut().for_each(|left| *left += bytes);
        self.offsets[index] = None;
    }

    fn peak(&self) -> usize {
        let ends = self.offsets.iter().zip(&self.blocks);
        ends.filter_map(|(offset, block)| Some((*offset)? + block.0))
            .max()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Block, lower_bound, place};
    use super::search;
    use proptest::prelude::*;

    fn block(bytes: usize, first: usize, last: usize) -> Block {
        Block {
            buffers: vec![],
            bytes,
            first,
            last,
        }
    }

    /// The least of all placements that are built by first fit in any order: what one of them needs is the optimum.
    fn least_of_all_orders(blocks: &[Block]) -> usize {
        fn extend(blocks: &[Block], placed: &mut Vec<(usize, usize)>, least: &mut usize) {
            if placed.len() == blocks.len() {
                let ends = placed.iter().map(|(index, offset)| offset + blocks[*index].bytes);
                *least = (*least).min(ends.max().unwrap_or(0));
            }
            for index in 0..blocks.len() {
                if placed.iter().any(|(other, _)| *other == index) {
                    continue;
                }
                let meeting = placed.iter().filter(|(other, _)| blocks[*other].meets(&blocks[index]));
                let mut taken: Vec<_> = meeting
                    .map(|(other, offset)| (*offset, offset + blocks[*other].bytes))
                    .collect();
                taken.sort_unstable();
                let mut offset = 0;
                for (start, end) in taken {
                    if offset + blocks[index].bytes <= start {
                        break;
                    }
                    offset = offset.max(end);
                }
                placed.push((index, offset));
                extend(blocks, placed, least);
                placed.pop();
            }
        }
        let mut least = usize::MAX;
        extend(blocks, &mut vec![], &mut least);
        least
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn the_search_finds_the_least(lives in prop::collection::vec((1usize..9, 0usize..6, 0usize..4), 1..7)) {
            let of = |(bytes, first, more): &(usize, usize, usize)| block(*bytes, *first, first + more);
            let blocks: Vec<Block> = lives.iter().map(of).collect();
            let found = search(&blocks, usize::MAX);
            let (offsets, peak) = found.placement.unwrap();
            prop_assert!(found.is_least);
            prop_assert_eq!(peak, least_of_all_orders(&blocks));
            prop_assert!(peak >= lower_bound(&blocks) && peak <= place(&blocks).1);
            for (i, one) in blocks.iter().enumerate() {
                prop_assert!(offsets[i] + one.bytes <= peak);
                for (j, other) in blocks.iter().enumerate().take(i) {
                    let apart = offsets[i] + one.bytes <= offsets[j] || offsets[j] + other.bytes <= offsets[i];
                    prop_assert!(apart || !one.meets(other));
                }
            }
            // Nothing is smaller than the least.
            let smaller = search(&blocks, peak);
            prop_assert!(smaller.is_least && smaller.placement.is_none());
        }
    }

    #[test]
    fn a_search_ends_that_could_take_for_ever() {
        let blocks: Vec<Block> = (0..60)
            .map(|i| block(7 + i * 13 % 17, i / 2, i / 2 + 3 + i % 5))
            .collect();
        let found = search(&blocks, place(&blocks).1);
        assert!(found.placement.is_none_or(|(_, peak)| peak < place(&blocks).1));
    }

    #[test]
    fn a_search_that_gives_up_says_so_with_a_placement_and_without_one() {
        let blocks = |by: usize, of: usize| (0..60).map(move |i| block(7 + i * by % of, i / 2, i / 2 + 3 + i % 5));
        let better: Vec<Block> = blocks(11, 19).collect();
        let found = search(&better, place(&better).1);
        assert!(!found.is_least && found.placement.is_some_and(|(_, peak)| peak > lower_bound(&better)));
        // With a byte more at each step, it finds nothing.
        let chain = (0..40).map(|i| block(1, i, i + 1));
        let none: Vec<Block> = chain.chain(blocks(13, 17)).collect();
        let found = search(&none, place(&none).1);
        assert!(!found.is_least && found.placement.is_none());
    }
}
