use super::{Block, lower_bound};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// How often blocks are placed again, at most, and what that may cost in pairs of blocks.
const REPEATS: usize = 100;
const WORK: usize = 20_000_000;

/// More blocks are placed in the order in which they begin, without comparing them in pairs.
const MOST_COMPARED: usize = 20_000;
/// Gaps that a block of so many is tried in.
const MOST_GAPS: usize = 1000;

/// Offsets of the blocks and the bytes they need together. Tries several orders of placement, each block at the lowest
/// place that is free during its life, and stops at the first that meets the lower bound.
pub fn place(blocks: &[Block]) -> (Vec<usize>, usize) {
    if blocks.len() > MOST_COMPARED {
        return in_sequence(blocks);
    }
    let bound = lower_bound(blocks);
    let life = |i: &usize| blocks[*i].last - blocks[*i].first;
    let size = |i: &usize| blocks[*i].bytes;
    let mut best: Option<(Vec<usize>, usize)> = None;
    let mut indices: Vec<usize> = (0..blocks.len()).collect();
    for rule in 0..4 {
        match rule {
            0 => indices.sort_by_key(|i| (usize::MAX - size(i), usize::MAX - life(i), *i)),
            1 => indices.sort_by_key(|i| (usize::MAX - size(i).saturating_mul(life(i) + 1), *i)),
            2 => indices.sort_by_key(|i| (usize::MAX - life(i), usize::MAX - size(i), *i)),
            _ => indices.sort_by_key(|i| (blocks[*i].first, usize::MAX - size(i), *i)),
        }
        let first = first_fit(blocks, &indices);
        let found = highest_first(blocks, &indices, first, bound);
        if best.as_ref().is_none_or(|(_, least)| found.1 < *least) {
            best = Some(found);
        }
        if best.as_ref().is_some_and(|(_, least)| *least == bound) {
            break;
        }
    }
    best.unwrap_or_default()
}

/// The best of what is found by placing the blocks again and again, each time those first that reached the top.
fn highest_first(blocks: &[Block], indices: &[usize], first: (Vec<usize>, usize), bound: usize) -> (Vec<usize>, usize) {
    let mut order = indices.to_vec();
    let (mut best, mut last) = (first.clone(), first);
    for _ in 0..REPEATS.min(WORK / blocks.len().pow(2).max(1)) {
        if best.1 == bound {
            break;
        }
        let (offsets, peak) = &last;
        let is_lower = |index: &usize| offsets[*index] + blocks[*index].bytes < *peak;
        order.sort_by_key(is_lower);
        last = first_fit(blocks, &order);
        if last.1 < best.1 {
            best.clone_from(&last);
        }
    }
    best
}

fn first_fit(blocks: &[Block], indices: &[usize]) -> (Vec<usize>, usize) {
    let mut offsets = vec![0; blocks.len()];
    let mut placed: Vec<usize> = vec![];
    let mut peak = 0;
    for index in indices {
        let block = &blocks[*index];
        let mut taken: Vec<(usize, usize)> = placed
            .iter()
            .filter(|p| blocks[**p].meets(block))
            .map(|p| (offsets[*p], offsets[*p] + blocks[*p].bytes))
            .collect();
        taken.sort_unstable();
        let mut offset = 0;
        for (start, end) in taken {
            if offset + block.bytes <= start {
                break;
            }
            offset = offset.max(end);
        }
        offsets[*index] = offset;
        peak = peak.max(offset + block.bytes);
        placed.push(*index);
    }
    (offsets, peak)
}

/// Places each block where it begins to live, at the lowest gap among those that are live then.
pub(super) fn in_sequence(blocks: &[Block]) -> (Vec<usize>, usize) {
    let mut indices: Vec<usize> = (0..blocks.len()).collect();
    indices.sort_by_key(|i| (blocks[*i].first, Reverse(blocks[*i].bytes), *i));
    let mut offsets = vec![0; blocks.len()];
    let mut ends: BinaryHeap<Reverse<(usize, usize)>> = BinaryHeap::new();
    // Where each gap below the top begins and ends.
    let mut gaps: BTreeMap<usize, usize> = BTreeMap::new();
    let (mut top, mut peak) = (0, 0);
    for index in indices {
        let Block { first, last, bytes, .. } = blocks[index];
        while let Some(Reverse((end, old))) = ends.peek().copied()
            && end < first
        {
            ends.pop();
            release(&mut gaps, &mut top, offsets[old], blocks[old].bytes);
        }
        let gap = gaps
            .iter()
            .take(MOST_GAPS)
            .find(|(start, end)| *end - *start >= bytes)
            .map(|(start, end)| (*start, *end));
        offsets[index] = match gap {
            Some((start, end)) => {
                gaps.remove(&start);
                if start + bytes < end {
                    gaps.insert(start + bytes, end);
                }
                start
            }
            None => {
                top += bytes;
                top - bytes
            }
        };
        peak = peak.max(top);
        ends.push(Reverse((last, index)));
    }
    (offsets, peak)
}

/// Makes a gap of the place of a block that has ended, and joins it with the gaps beside it.
fn release(gaps: &mut BTreeMap<usize, usize>, top: &mut usize, start: usize, bytes: usize) {
    let (mut start, mut end) = (start, start + bytes);
    if let Some((before, _)) = gaps.range(..start).next_back().filter(|(_, until)| **until == start) {
        start = *before;
        gaps.remove(&start);
    }
    if let Some(until) = gaps.remove(&end) {
        end = until;
    }
    if end == *top {
        *top = start;
    } else if start < end {
        gaps.insert(start, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(first: usize, last: usize, bytes: usize) -> Block {
        let buffers = vec![];
        Block {
            buffers,
            first,
            last,
            bytes,
        }
    }

    fn overlap(blocks: &[Block], offsets: &[usize]) -> bool {
        let bytes = |i: usize| offsets[i]..offsets[i] + blocks[i].bytes;
        let pairs = (0..blocks.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
        let mut met = pairs.filter(|(a, b)| blocks[*a].meets(&blocks[*b]) && blocks[*a].bytes * blocks[*b].bytes > 0);
        met.any(|(a, b)| bytes(a).start < bytes(b).end && bytes(b).start < bytes(a).end)
    }

    #[test]
    fn in_sequence_nothing_overlaps_and_gaps_are_used_again() {
        let mut random = 1_u64;
        let mut below = |end: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((random >> 33) % end) as usize
        };
        for _ in 0..200 {
            let blocks: Vec<Block> = (0..60)
                .map(|_| {
                    let first = below(40);
                    block(first, first + below(9), 16 * below(6))
                })
                .collect();
            let (offsets, peak) = in_sequence(&blocks);
            assert!(!overlap(&blocks, &offsets));
            let end = (0..blocks.len()).map(|i| offsets[i] + blocks[i].bytes).max();
            assert_eq!(Some(peak), end);
            assert!(peak < 2 * lower_bound(&blocks), "{peak} for {}", lower_bound(&blocks));
        }
    }

    #[test]
    fn gaps_join() {
        // Two that end at once leave room for one of their size together, and the top comes down again.
        let blocks = [
            block(0, 1, 32),
            block(0, 2, 16),
            block(0, 2, 16),
            block(0, 9, 8),
            block(3, 4, 64),
            block(5, 5, 64),
        ];
        let (offsets, peak) = in_sequence(&blocks);
        assert_eq!((&offsets[..], peak), (&[0, 32, 48, 64, 0, 0][..], 72));
        assert_eq!(in_sequence(&[block(0, 0, 32), block(1, 1, 64)]), (vec![0, 0], 64));
    }

    #[test]
    fn a_gap_that_fits_exactly_is_used() {
        let blocks = [block(2, 3, 2), block(1, 2, 2), block(3, 5, 2), block(0, 3, 5)];
        assert_eq!(place(&blocks).1, lower_bound(&blocks));
    }

    #[test]
    fn what_reached_the_top_is_placed_first_the_next_time() {
        // Each of the orders alone needs a byte more.
        let blocks = [block(2, 4, 4), block(3, 5, 4), block(3, 3, 4), block(5, 7, 5)];
        assert_eq!(place(&blocks).1, lower_bound(&blocks));
    }

    #[test]
    fn many_blocks_are_placed_in_a_moment() {
        let chain: Vec<Block> = (0..100_000).map(|i| block(i, i + 1, 16)).collect();
        assert_eq!(place(&chain).1, lower_bound(&chain));
        let nested: Vec<Block> = (0..100_000).map(|i| block(i, 200_000 - i, 16)).collect();
        assert_eq!(place(&nested).1, lower_bound(&nested));
    }
}
