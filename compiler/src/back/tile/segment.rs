//! Consecutive calls, run tile by tile: a tile is some rows of what the last of them computes, and of everything between
//! only the rows that it takes.

use super::parts::{part, rows};
use super::write::Writer;
use crate::ir::program::{Buffer, BufferId, Call, Program, Storage};
use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::ops::Range;

/// What is done with rows that two tiles read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halo {
    /// They are kept from one tile to the next.
    Kept,
    /// Both tiles compute them.
    Computed,
}

/// How a segment is taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tiling {
    /// Numbers of the calls.
    pub(super) calls: Range<usize>,
    /// Rows of the result that a tile has; the last tile may have fewer.
    pub(super) rows: usize,
    /// What is done with rows that two tiles read.
    pub(super) halo: Halo,
}

/// A segment taken apart.
pub(super) struct Tiled {
    /// In place of the calls.
    pub(super) calls: Vec<Call>,
    /// Added to the program's buffers.
    pub(super) buffers: Vec<Buffer>,
    /// Number of tiles.
    pub(super) tiles: usize,
    /// Multiply-accumulates of all tiles.
    pub(super) macs: u64,
    /// Bytes that are copied to be kept.
    pub(super) copied: u64,
}

/// The buffers that only a segment's calls use, and what they compute for others.
pub(super) struct SegmentBuffers {
    /// Written and read within the segment.
    pub(super) between: BTreeSet<BufferId>,
    /// Written within it and read behind it.
    result: BufferId,
}

impl SegmentBuffers {
    /// `None` if there is not exactly one result, which the last call writes.
    pub(super) fn of(program: &Program, calls: &Range<usize>) -> Option<Self> {
        let inside = &program.calls[calls.clone()];
        let outside = program.calls[..calls.start].iter().chain(&program.calls[calls.end..]);
        let mut used_outside: BTreeSet<BufferId> = outside
            .flat_map(|call| call.inputs.iter().chain(&call.outputs))
            .map(|view| view.buffer)
            .collect();
        used_outside.extend(program.all_outputs().map(|port| port.view.buffer));
        let first = |call: &Call| call.outputs.first().map(|view| view.buffer);
        let written: BTreeSet<BufferId> = inside.iter().filter_map(first).collect();
        let in_arena = |id: &BufferId| program.buffer(*id).storage == Storage::Arena;
        // Other outputs are temporaries of their call.
        let mut temporaries = inside.iter().flat_map(|call| call.outputs.iter().skip(1));
        if !written.iter().all(in_arena)
            || temporaries.any(|view| used_outside.contains(&view.buffer) || written.contains(&view.buffer))
        {
            return None;
        }
        let result = first(inside.last()?)?;
        let between: BTreeSet<BufferId> = written.iter().copied().filter(|id| *id != result).collect();
        let reads_result = |call: &Call| call.inputs.iter().any(|view| view.buffer == result);
        // Tiles are parts of what the last call writes: nothing else of the buffer would be computed.
        let whole_result = inside.last()?.outputs.first()?;
        let writes_elsewhere = |call: &Call| {
            let written = call.outputs.iter().find(|view| view.buffer == result);
            written.is_some_and(|view| view != whole_result)
        };
        let whole = between.is_disjoint(&used_outside)
            && !inside.iter().any(|call| reads_result(call) || writes_elsewhere(call));
        whole.then_some(Self { between, result })
    }
}

/// What a tile computes.
#[derive(Default)]
pub(super) struct Tile {
    /// Of each buffer between the calls, the elements that the tile reads.
    pub(super) needed: BTreeMap<BufferId, Range<usize>>,
    /// Those of them that the tile before has computed.
    pub(super) kept: BTreeMap<BufferId, Range<usize>>,
    /// For each call of the segment, its part, if any.
    pub(super) parts: Vec<Option<Call>>,
}

fn hull(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    if a.is_empty() {
        return b.clone();
    }
    a.start.min(b.start)..a.end.max(b.end)
}

/// The rows of a call that cover what is needed of the buffer that it writes.
fn covering(call: &Call, needed: &Range<usize>) -> Option<Range<usize>> {
    let (view, row) = (call.outputs.first()?, call.kernel.row().filter(|row| *row > 0)?);
    let (start, end) = (needed.start.max(view.offset), needed.end.min(view.offset + view.len));
    if start >= end {
        return Some(0..0);
    }
    Some((start - view.offset) / row..(end - view.offset).div_ceil(row))
}

impl Tile {
    /// Finds what the elements `wanted` of the result take, where the tiles before have computed the elements before
    /// `done` of each buffer.
    fn of(
        program: &Program,
        calls: &Range<usize>,
        buffers: &SegmentBuffers,
        wanted: Range<usize>,
        done: &BTreeMap<BufferId, usize>,
    ) -> Option<Self> {
        let inside = &program.calls[calls.clone()];
        let mut tile = Self::default();
        let mut computed: BTreeMap<BufferId, Range<usize>> = BTreeMap::from([(buffers.result, wanted)]);
        for call in inside.iter().rev() {
            let written = call.outputs.first()?.buffer;
            if let Entry::Vacant(entry) = computed.entry(written) {
                // All that read it come later, and were seen.
                let needed = tile.needed.get(&written).cloned().unwrap_or(0..0);
                let before = done.get(&written).copied().unwrap_or(0);
                let new = whole_rows(inside, written, needed.start.max(before)..needed.end)?;
                // Rows that are computed begin where those before end, or are computed for the first time.
                let kept = needed.start.min(new.start)..new.start;
                if before > 0 && new.start < before && new.start < new.end {
                    return None;
                }
                tile.needed.insert(written, hull(&needed, &new));
                if !kept.is_empty() {
                    tile.kept.insert(written, kept);
                }
                entry.insert(new);
            }
            let rows = covering(call, &computed[&written])?;
            let made = if rows.is_empty() { None } else { Some(part(call, rows)?) };
            for view in made.iter().flat_map(|made| &made.inputs) {
                if buffers.between.contains(&view.buffer) {
                    let range = view.offset..view.offset + view.len;
                    let needed = tile.needed.entry(view.buffer).or_insert(0..0);
                    *needed = hull(needed, &range);
                }
            }
            tile.parts.push(made);
        }
        tile.parts.reverse();
        Some(tile)
    }

    /// Whether what it keeps is what the tile before has.
    fn keeps_from(&self, before: Option<&Self>) -> bool {
        self.kept.iter().all(|(buffer, kept)| {
            let had = before.and_then(|before| before.needed.get(buffer));
            had.is_some_and(|had| had.start <= kept.start && kept.end <= had.end)
        })
    }
}

/// The elements of a buffer that its writers compute in whole rows so that they cover `needed`.
fn whole_rows(calls: &[Call], buffer: BufferId, needed: Range<usize>) -> Option<Range<usize>> {
    let mut covered = needed;
    if covered.is_empty() {
        return Some(covered.end..covered.end);
    }
    loop {
        let mut grown = covered.clone();
        let writers = calls
            .iter()
            .filter(|call| call.outputs.first().is_some_and(|y| y.buffer == buffer));
        for call in writers {
            let (rows, row, y) = (covering(call, &covered)?, call.kernel.row()?, call.outputs.first()?);
            if !rows.is_empty() {
                grown = hull(&grown, &(y.offset + rows.start * row..y.offset + rows.end * row));
            }
        }
        if grown == covered {
            return Some(covered);
        }
        covered = grown;
    }
}

/// Takes a segment with these buffers apart. `None` where it cannot be.
pub(super) fn tiled(program: &Program, buffers: &SegmentBuffers, tiling: &Tiling) -> Option<Tiled> {
    let inside = &program.calls[tiling.calls.clone()];
    let last = inside.last()?;
    let (count, row, y) = (rows(last)?, last.kernel.row()?, *last.outputs.first()?);
    let mut done = BTreeMap::new();
    let mut tiles = vec![];
    for first in (0..count).step_by(tiling.rows.max(1)) {
        let end = count.min(first + tiling.rows);
        let wanted = y.offset + first * row..y.offset + end * row;
        let tile = Tile::of(program, &tiling.calls, buffers, wanted, &done)?;
        if !tile.keeps_from(tiles.last()) {
            return None;
        }
        if tiling.halo == Halo::Kept {
            for (buffer, needed) in &tile.needed {
                let end = done.entry(*buffer).or_insert(0);
                *end = needed.end.max(*end);
            }
        }
        tiles.push(tile);
    }
    Some(Writer::new(program, tiles).write(inside, buffers))
}
