//! Where each buffer of a program is in the arena.
//!
//! The planner knows sizes and who reads what, not what a kernel computes. It orders the calls, lets calls with an
//! in-place form overwrite an operand that nothing reads later, and places the buffers.

mod lifetime;
mod order;
mod place;

pub use lifetime::{Block, lower_bound};
pub use place::place;

use crate::ir::program::{BufferId, Program, Storage};

/// Alignment of every buffer in the arena, in bytes: that of a 128-bit vector.
pub const ALIGNMENT: usize = 16;

/// The memory plan of one program.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Indices of the program's calls, in the order they run.
    pub order: Vec<usize>,
    /// For each call of the program, whether it runs in place.
    pub in_place: Vec<bool>,
    /// For each buffer, its first byte in the arena; `None` outside the arena.
    pub offsets: Vec<Option<usize>>,
    /// Bytes of the arena.
    pub peak: usize,
    /// What any plan for this order needs at least: the greatest sum of live buffers.
    pub lower_bound: usize,
}

/// Plans a program: tries several orders and placements, and keeps the least peak.
pub fn plan(program: &Program) -> Plan {
    order::candidates(program)
        .into_iter()
        .map(|order| plan_in_order(program, order))
        .min_by_key(|plan| plan.peak)
        .unwrap_or_default()
}

fn plan_in_order(program: &Program, order: Vec<usize>) -> Plan {
    let lifetimes = lifetime::lifetimes(program, &order);
    let (blocks, in_place) = lifetime::blocks(program, &order, &lifetimes);
    let (offsets, peak) = place(&blocks);
    let mut of_buffer = vec![None; program.buffers.len()];
    for (block, offset) in blocks.iter().zip(&offsets) {
        for BufferId(buffer) in &block.buffers {
            debug_assert_eq!(program.buffers[*buffer].storage, Storage::Arena);
            of_buffer[*buffer] = Some(*offset);
        }
    }
    Plan {
        order,
        in_place,
        offsets: of_buffer,
        peak,
        lower_bound: lower_bound(&blocks),
    }
}
