//! Layers whose output takes the place of their input row by row.
//!
//! A convolution cannot overwrite its input element by element: other outputs read the same inputs again. But a row of
//! the output reads a few rows of the input, and those before them are read no more. So input and output share memory, some
//! rows apart, and each [part](crate::partial) of the layer overwrites what no later one reads. (Blacker, Bridges,
//! Hadfield: "Diagonal Memory Optimisation for Machine Learning on Micro-controllers", 2020.)

use crate::partial::{Part, Partial};
use core::ops::Range;

/// Where the input and the output of a layer are in memory that they share, and how many rows are computed at a time.
///
/// ```
/// use runtime_core::function::Identity;
/// use runtime_core::kernels::{self, DepthwiseConv2d};
/// use runtime_core::{Overlap, Simd};
/// let layer = DepthwiseConv2d {
///     batch: 1,
///     input: [4, 2, 1],
///     output: [4, 2, 1],
///     kernel: [3, 1],
///     strides: [1, 1],
///     dilations: [1, 1],
///     pads: [1, 0],
///     activation: Identity,
/// };
/// // The output begins two rows before the input: its third row overwrites the first one of the input, which only the
/// // first two read.
/// let overlap = Overlap { input: 4, output: 0, rows: 4, step: 1 };
/// let mut memory = [0.0; 12];
/// memory[4..].copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
/// let simd = Simd::detect();
/// overlap.run(&layer, &mut memory, |layer, x, y| {
///     kernels::depthwise_conv2d(simd, *layer, x, &[1.0_f32, 1.0, 1.0], &[0.0], y);
/// });
/// assert_eq!(memory[..8], [4.0, 6.0, 9.0, 12.0, 15.0, 18.0, 12.0, 14.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Overlap {
    /// The first element of the input. Behind that of the output, the first rows are computed first; before it, the
    /// last.
    pub input: usize,
    /// The first element of the output.
    pub output: usize,
    /// Rows of the output.
    pub rows: usize,
    /// Rows that are computed at a time; up to twice as many at the end.
    pub step: usize,
}

impl Overlap {
    /// The rows of the output that are computed together, in the order in which they are.
    pub fn steps(self) -> impl Iterator<Item = Range<usize>> {
        let mut left = (0, self.rows);
        core::iter::from_fn(move || self.step(&mut left))
    }

    /// Takes the rows of the next step from those that are left.
    #[inline(never)]
    fn step(self, left: &mut (usize, usize)) -> Option<Range<usize>> {
        let (first, end) = *left;
        let all = end.wrapping_sub(first);
        if all == 0 || self.step == 0 {
            return None;
        }
        let count = if all / 2 < self.step { all } else { self.step };
        Some(if self.output <= self.input {
            left.0 = first + count;
            first..left.0
        } else {
            left.1 = end.wrapping_sub(count);
            left.1..end
        })
    }

    /// Computes a layer in `memory`, by `kernel` on the parameters, the input and the output of some rows.
    ///
    /// The compiler has seen that no step overwrites what a later one reads.
    // Inlined, the parts of all layers would be on the stack of the model at once.
    #[inline(never)]
    pub fn run<L: Partial<1>, T>(self, layer: &L, memory: &mut [T], mut kernel: impl FnMut(&L, &[T], &mut [T])) {
        let mut left = (0, self.rows);
        while let Some(rows) = self.step(&mut left) {
            let Some(part) = part(layer, rows) else {
                debug_assert!(false, "these rows are no layer of their own");
                return;
            };
            let ([x], y) = (&part.inputs, &part.output);
            let x = (self.input + x.start, self.input + x.end);
            let y = (self.output + y.start, self.output + y.end);
            let Some((x, y)) = apart(memory, x, y) else {
                debug_assert!(false, "a step overwrites what it reads");
                return;
            };
            kernel(&part.layer, x, y);
        }
    }
}

/// One function for all calls of a kernel.
#[inline(never)]
fn part<L: Partial<1>>(layer: &L, rows: Range<usize>) -> Option<Part<L, 1>> {
    layer.part(rows)
}

/// Two ranges that have nothing in common, the one to read and the other to write.
#[inline(never)]
fn apart<T>(memory: &mut [T], x: (usize, usize), y: (usize, usize)) -> Option<(&[T], &mut [T])> {
    if y.1 <= x.0 {
        let (before, from) = memory.split_at_mut_checked(x.0)?;
        Some((from.get(..x.1.wrapping_sub(x.0))?, before.get_mut(y.0..y.1)?))
    } else {
        let (before, from) = memory.split_at_mut_checked(y.0)?;
        Some((before.get(x.0..x.1)?, from.get_mut(..y.1.wrapping_sub(y.0))?))
    }
}
