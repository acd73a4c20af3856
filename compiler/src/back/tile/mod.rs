//! Calls computed in parts, so that less of what lies between them is in memory at a time.
//!
//! Where a program does not fit its machine's RAM, [`fit`] looks for consecutive calls around the steps that take too
//! much, and has them run tile by tile: some rows of what the last of them computes, and of everything between only the
//! rows that these take. Rows that two tiles read are kept or computed twice, whatever costs less. The results are the same
//! to the bit, since a part of a call computes each element as the call does.

mod parts;
mod segment;
mod write;

pub use parts::divide;

use super::plan::{Plan, plan};
use super::report::{distinctive, grouped};
use crate::ir::program::{BufferId, Program};
use crate::ir::{Remark, RemarkKind};
use crate::machine::Machine;
use segment::{Halo, SegmentBuffers, Tiled, Tiling, tiled};
use std::ops::Range;

/// Steps before the first that takes too much memory at which tiles may begin, and behind it at which they may end.
const REACH: usize = 16;
/// Steps that take too much memory of which one segment is to hold as many as it can.
const LONGEST: usize = 48;
/// Parts of calls that the search for one segment looks at: a second or two.
const MOST_PARTS: usize = 2_000_000;
/// Numbers of tiles that are tried.
const TILES: &[usize] = &[2, 3, 4, 6, 8, 12, 16, 24, 32, 48];
/// Segments that may be taken apart one after another.
const MOST_SEGMENTS: usize = 8;
/// Instructions that it takes to copy 16 bytes, and to begin a call, in multiply-accumulates.
const COPIED_AS_A_MAC: u64 = 16;
const CALL_IN_MACS: u64 = 64;

/// A program that fits, and what that took.
pub struct Fitted {
    /// The program, with calls in parts.
    pub program: Program,
    /// Its plan.
    pub plan: Plan,
    /// What was taken apart.
    pub segments: Vec<Segment>,
}

impl Segment {
    /// What the user should know of it.
    pub fn remark(&self) -> Remark {
        let [first, last] = &self.nodes;
        let layers = if first == last {
            format!("`{first}` runs")
        } else {
            format!("`{first}` to `{last}` run")
        };
        let again = match self.computed_again {
            0 => "nothing is computed twice".to_owned(),
            macs => format!("{} multiply-accumulates are computed again", grouped(macs)),
        };
        let copied = match self.copied {
            0 => String::new(),
            bytes => format!(", {} B are copied from tile to tile", grouped(bytes)),
        };
        let tiles = self.tiles;
        let reason = format!("{layers} in {tiles} tiles, so that the model fits the RAM: {again}{copied}");
        Remark::of_model(RemarkKind::Tiles, reason)
    }
}

/// Calls that run tile by tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Short names of the nodes of the first and the last of them.
    pub nodes: [String; 2],
    /// Number of tiles.
    pub tiles: usize,
    /// Multiply-accumulates that are computed more than once.
    pub computed_again: u64,
    /// Bytes that are copied, as the next tile reads them.
    pub copied: u64,
}

/// Looks for tiles with which a program takes at most `budget` bytes of arena. `program` gives it, each time anew.
/// `None` where there are none, and for programs that loop or are trained.
pub fn fit(program: impl Fn() -> Option<Program>, budget: usize, machine: &Machine) -> Option<Fitted> {
    // What is placed may take more than the sum of what is live: then the sum must be smaller.
    for attempt in 0..4 {
        let mut tried = program()?;
        if !tried.repetitions.is_empty() || tried.training.is_some() {
            return None;
        }
        let order = plan(&tried, machine).order;
        reorder(&mut tried, &order);
        let Some(segments) = take_apart(&mut tried, budget - budget * attempt / 16, machine) else {
            continue;
        };
        let plan = plan(&tried, machine);
        if plan.peak <= budget {
            return Some(Fitted {
                program: tried,
                plan,
                segments,
            });
        }
    }
    None
}

/// Puts the calls into the order in which a plan runs them.
fn reorder(program: &mut Program, order: &[usize]) {
    let mut calls: Vec<_> = std::mem::take(&mut program.calls).into_iter().map(Some).collect();
    program.calls = order.iter().filter_map(|index| calls[*index].take()).collect();
}

/// Takes segments apart until no step takes more than `budget`.
fn take_apart(program: &mut Program, budget: usize, machine: &Machine) -> Option<Vec<Segment>> {
    let mut segments = vec![];
    while let Some(over) = first_over(program, budget, machine) {
        if segments.len() == MOST_SEGMENTS {
            return None;
        }
        let (tiling, found) = best(program, over, budget, machine)?;
        let calls = &program.calls[tiling.calls.clone()];
        let macs: u64 = calls.iter().map(|call| call.macs).sum();
        let ends = [calls.first()?, calls.last()?];
        let names = distinctive(&ends.map(|call| vec![call.name.clone()]));
        segments.push(Segment {
            nodes: names.try_into().ok()?,
            tiles: found.tiles,
            computed_again: found.macs.saturating_sub(macs),
            copied: found.copied,
        });
        program.buffers.extend(found.buffers);
        parts::replace(program, tiling.calls, found.calls);
    }
    Some(segments)
}

/// Bytes that are live at each step, in the program's own order.
fn usage(program: &Program, machine: &Machine) -> Vec<usize> {
    let mut changes = vec![0_isize; program.calls.len() + 2];
    for (buffer, life) in lives(program).into_iter().enumerate() {
        if let Some(life) = life {
            let bytes = aligned(program, BufferId(buffer), machine) as isize;
            changes[life.start] += bytes;
            changes[life.end] -= bytes;
        }
    }
    running(&changes).collect()
}

fn aligned(program: &Program, id: BufferId, machine: &Machine) -> usize {
    program.buffer(id).bytes().next_multiple_of(machine.alignment())
}

/// The steps in which each buffer of the arena is in use, in the program's own order.
fn lives(program: &Program) -> Vec<Option<Range<usize>>> {
    let order: Vec<usize> = (0..program.calls.len()).collect();
    let lives = super::plan::lifetimes(program, &order).into_iter();
    lives.map(|life| life.map(|life| life.first..life.last + 1)).collect()
}

/// The first run of steps that take more than `budget`.
fn first_over(program: &Program, budget: usize, machine: &Machine) -> Option<Range<usize>> {
    let usage = usage(program, machine);
    let first = usage.iter().position(|bytes| *bytes > budget)?;
    let end = usage[first..].iter().position(|bytes| *bytes <= budget);
    Some(first..end.map_or(usage.len(), |steps| first + steps))
}

/// The tiling that costs least among those that hold all steps of `over`, or as many of the first as can be.
fn best(program: &Program, over: Range<usize>, budget: usize, machine: &Machine) -> Option<(Tiling, Tiled)> {
    let lives = lives(program);
    let last_end = program.calls.len().min(over.end.min(over.start + LONGEST) + REACH);
    let mut work = MOST_PARTS;
    let mut best: Option<((usize, u64), Tiling, Tiled)> = None;
    for start in (over.start.saturating_sub(REACH)..=over.start).rev() {
        for end in over.start + 1..=last_end {
            let calls = start..end;
            let Some(left) = budget.checked_sub(around(program, &lives, &calls, machine)) else {
                continue;
            };
            for (tiling, found) in largest(program, &calls, left, machine, &mut work) {
                let macs: u64 = program.calls[calls.clone()].iter().map(|call| call.macs).sum();
                let cost = found.macs.saturating_sub(macs)
                    + found.copied / COPIED_AS_A_MAC
                    + found.calls.len() as u64 * CALL_IN_MACS;
                // Steps of `over` that are left.
                let key = (over.end.saturating_sub(end), cost);
                if best.as_ref().is_none_or(|(least, ..)| key < *least) {
                    best = Some((key, tiling, found));
                }
            }
        }
    }
    best.map(|(_, tiling, found)| (tiling, found))
}

/// For rows that are kept and for rows that are computed again, the largest tiles of some calls whose own buffers take at
/// most `budget`: smaller ones cost more. `work` is what is left of the parts that may be looked at.
fn largest(
    program: &Program,
    calls: &Range<usize>,
    budget: usize,
    machine: &Machine,
    work: &mut usize,
) -> Vec<(Tiling, Tiled)> {
    let Some(segment) = SegmentBuffers::of(program, calls) else {
        return vec![];
    };
    let rows = parts::rows(&program.calls[calls.end - 1]).unwrap_or(1);
    let mut heights: Vec<usize> = TILES.iter().map(|tiles| rows.div_ceil(*tiles)).collect();
    heights.dedup();
    heights.retain(|height| *height < rows);
    let halos = [Halo::Computed, Halo::Kept].into_iter();
    let found = halos.filter_map(|halo| {
        heights.iter().find_map(|height| {
            *work = work.checked_sub(rows.div_ceil(*height) * calls.len())?;
            let tiling = Tiling {
                calls: calls.clone(),
                rows: *height,
                halo,
            };
            let found = tiled(program, &segment, &tiling)?;
            (own_peak(program, &found, machine) <= budget).then_some((tiling, found))
        })
    });
    found.collect()
}

/// Bytes of the arena that lie around some calls: what is live during any of them, but not only for them.
fn around(program: &Program, lives: &[Option<Range<usize>>], calls: &Range<usize>, machine: &Machine) -> usize {
    let between = |life: &Range<usize>| calls.start <= life.start && life.end <= calls.end;
    let lives = lives.iter().enumerate();
    let lives = lives.filter_map(|(id, life)| Some((id, life.as_ref()?)));
    lives
        .filter(|(_, life)| !between(life) && life.start < calls.end && calls.start < life.end)
        .map(|(id, _)| aligned(program, BufferId(id), machine))
        .sum()
}

/// Bytes of the arena that a segment's own buffers take at most.
fn own_peak(program: &Program, found: &Tiled, machine: &Machine) -> usize {
    let first_own = program.buffers.len();
    let mut spans: Vec<Option<Range<usize>>> = vec![None; found.buffers.len()];
    for (step, call) in found.calls.iter().enumerate() {
        for view in call.inputs.iter().chain(&call.outputs) {
            if let Some(index) = view.buffer.0.checked_sub(first_own) {
                let span = spans[index].get_or_insert(step..step + 1);
                span.end = step + 1;
            }
        }
    }
    let mut changes = vec![0_isize; found.calls.len() + 1];
    for (buffer, span) in found.buffers.iter().zip(spans) {
        if let Some(span) = span {
            let bytes = buffer.bytes().next_multiple_of(machine.alignment()) as isize;
            changes[span.start] += bytes;
            changes[span.end] -= bytes;
        }
    }
    running(&changes).max().unwrap_or(0)
}

/// Sums of the changes up to each of them.
fn running(changes: &[isize]) -> impl Iterator<Item = usize> {
    let sums = changes.iter().scan(0, |sum, change| {
        *sum += change;
        Some(*sum)
    });
    sums.map(|sum: isize| sum.unsigned_abs())
}
