//! Calls whose output may take the place of their input row by row, and how far apart the two have to be.

use crate::ir::program::{Call, Program, Storage, View};
use crate::machine::{Machine, Overlapping};
use runtime_core::Overlap;
use std::ops::Range;

/// Elements of the output that a step computes at least: each has the parameters of its part to work out.
const LEAST_ELEMENTS: usize = 768;
/// Rows of a step at least: a single one of a product is computed in another order than several.
const LEAST_ROWS: usize = 2;
/// Steps at most.
const MOST_STEPS: usize = 64;

/// How far apart the input and the output of a call have to be, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Distances {
    /// From the output to the input behind it, where the first rows are computed first.
    pub(super) up: usize,
    /// From the input to the output behind it, where the last rows are computed first.
    pub(super) down: usize,
    rows: usize,
    step: usize,
}

impl Distances {
    /// For each call of a program what its operands need, if they can overlap and the machine wants it. Calls that are
    /// repeated stay as they are.
    pub(super) fn of(program: &Program, machine: &Machine) -> Vec<Option<Self>> {
        let looks = machine.overlap == Overlapping::Always && program.repetitions.is_empty();
        let of = |call| if looks { Self::of_call(program, call) } else { None };
        program.calls.iter().map(of).collect()
    }

    fn of_call(program: &Program, call: &Call) -> Option<Self> {
        let (x, y) = (call.inputs.first()?, call.outputs.first()?);
        let dtype = program.buffer(x.buffer).dtype;
        let whole = |view: &View| {
            let buffer = program.buffer(view.buffer);
            buffer.storage == Storage::Arena && view.len == buffer.len && buffer.dtype == dtype
        };
        let read_once = call.inputs.iter().filter(|view| view.buffer == x.buffer).count() == 1;
        if !call.kernel.divides() || !whole(x) || !whole(y) || !read_once || x.buffer == y.buffer {
            return None;
        }
        let row = call.kernel.row().filter(|row| *row > 0)?;
        let rows = y.len / row;
        let step = LEAST_ELEMENTS
            .div_ceil(row)
            .max(rows.div_ceil(MOST_STEPS))
            .max(LEAST_ROWS);
        if rows < 2 * step {
            return None;
        }
        let least = |output: usize, distance: fn(Range<usize>, Range<usize>) -> usize| {
            let overlap = Overlap {
                input: 0,
                output,
                rows,
                step,
            };
            let distances = overlap.steps().map(|rows| {
                let part = call.kernel.part(rows).filter(|part| part.residual.is_none())?;
                let [x] = <[_; 1]>::try_from(part.inputs).ok()?;
                Some(distance(x, part.output))
            });
            distances.collect::<Option<Vec<_>>>()?.into_iter().max()
        };
        let size = dtype.size();
        Some(Self {
            up: size * least(0, |x, y| y.end.saturating_sub(x.start))?,
            // At least one element: in the same place the first rows would be computed first.
            down: size * least(1, |x, y| x.end.saturating_sub(y.start).max(1))?,
            rows,
            step,
        })
    }

    /// The bytes that input and output take together, at least.
    pub(super) fn together(&self, [x, y]: [usize; 2], alignment: usize) -> usize {
        let [up, down] = self.aligned(alignment);
        (up + x).max(y).min(x.max(down + y))
    }

    /// Both distances as buffers are placed.
    pub(super) fn aligned(&self, alignment: usize) -> [usize; 2] {
        [self.up, self.down].map(|distance| distance.next_multiple_of(alignment))
    }
}

/// What is emitted for the calls of a plan that overlap, in elements of the memory that input and output share.
pub(super) fn overlaps(
    program: &Program,
    distances: &[Option<Distances>],
    offsets: &[Option<usize>],
) -> Vec<Option<Overlap>> {
    let overlap = |(call, distances): (&Call, &Option<Distances>)| {
        let Distances { rows, step, .. } = (*distances)?;
        let [x, y] = [call.inputs[0], call.outputs[0]].map(|view| view.buffer);
        let (size, places) = (program.buffer(x).dtype.size(), [offsets[x.0]?, offsets[y.0]?]);
        let first = places[0].min(places[1]);
        Some(Overlap {
            input: (places[0] - first) / size,
            output: (places[1] - first) / size,
            rows,
            step,
        })
    };
    program.calls.iter().zip(distances).map(overlap).collect()
}
