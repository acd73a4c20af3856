use super::{Block, lower_bound};

/// How often blocks are placed again, at most, and what that may cost in pairs of blocks.
const REPEATS: usize = 100;
const WORK: usize = 20_000_000;

/// Offsets of the blocks and the bytes they need together. Tries several orders of placement, each block at the lowest
/// place that is free during its life, and stops at the first that meets the lower bound.
pub fn place(blocks: &[Block]) -> (Vec<usize>, usize) {
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
