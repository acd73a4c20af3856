//! Partial calls: a kernel computes some rows of its output.
//!
//! A part of a layer is a layer again: the same kernel, with parameters for fewer rows, over part of the operands. So
//! kernels need no second form, and what computes by parts (tiles within a budget of memory, threads, streams) gives the
//! same bits as the whole: each output is computed by the same loop over the same numbers.
//!
//! ```
//! use runtime_core::function::Identity;
//! use runtime_core::kernels::Conv2d;
//! use runtime_core::partial::Partial;
//! let layer = Conv2d {
//!     batch: 1,
//!     input: [6, 4, 1],
//!     output: [6, 4, 8],
//!     kernel: [3, 3],
//!     strides: [1, 1],
//!     dilations: [1, 1],
//!     pads: [1, 1],
//!     groups: 1,
//!     activation: Identity,
//! };
//! // Two rows from the middle see four rows of the input, none of them padding.
//! let part = layer.part(2..4).unwrap();
//! assert_eq!((part.layer.input, part.layer.output, part.layer.pads), ([4, 4, 1], [2, 4, 8], [0, 1]));
//! assert_eq!((part.inputs, part.output), ([4..20], 64..128));
//! ```

mod images;
mod rows;
mod strided;

use core::ops::Range;

/// Some rows of a layer's output, as a layer of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<L, const N: usize> {
    /// The parameters for these rows.
    pub layer: L,
    /// The elements of each of the first `N` inputs that the part reads, at least.
    pub inputs: [Range<usize>; N],
    /// The elements of the output that it writes.
    pub output: Range<usize>,
}

impl<L, const N: usize> Part<L, N> {
    /// The part with another form of its parameters.
    pub fn map<M>(self, form: impl FnOnce(L) -> M) -> Part<M, N> {
        Part {
            layer: form(self.layer),
            inputs: self.inputs,
            output: self.output,
        }
    }
}

/// Parameters of a layer whose rows of output can be computed apart. The layer reads `N` tensors; weights and tables that
/// follow them are read whole by every part.
pub trait Partial<const N: usize>: Sized {
    /// Elements of a row of the output; `None` where the layer has no rows that can be computed apart.
    fn row(&self) -> Option<usize>;

    /// The layer that computes these rows of the output; `None` for no rows, for more than there are, and where a part
    /// cannot be written as a layer.
    fn part(&self, rows: Range<usize>) -> Option<Part<Self, N>>;
}

/// Elements from row `range.start` to row `range.end`, where a row has `len`.
fn elements(range: &Range<usize>, len: usize) -> Range<usize> {
    range.start.saturating_mul(len)..range.end.saturating_mul(len)
}

/// Elements of a range. Its own `len` has a panic that is not always seen to be impossible.
fn count_of(range: &Range<usize>) -> usize {
    range.end.saturating_sub(range.start)
}

/// Whether there is something in a range of `count` rows.
fn is_within(range: &Range<usize>, count: usize) -> bool {
    range.start < range.end && range.end <= count
}
