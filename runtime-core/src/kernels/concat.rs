use super::body::{Body, plain};
use super::chunks::{rows, rows_mut};
use super::walk::{copy_row, row_mut};
use crate::arch::Arch;
use crate::{Element, Param, Simd};

/// Copies one input of an ONNX `Concat` to its place in the output. The axes before the concatenated one are `outer`;
/// it and those after it are the runs.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Concat {
    /// Number of runs.
    pub outer: usize,
    /// Elements of a run of the input.
    pub inner_x: usize,
    /// Elements from one run of the output to the next.
    pub inner_y: usize,
    /// Where the input's run starts in the output's.
    pub offset: usize,
}

impl<'a, T: Element> Body<(&'a [T], &'a mut [T])> for Concat {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [T], &'a mut [T])) {
        if self.inner_x == 0 || self.inner_y == 0 {
            return;
        }
        for (x, y) in rows(x, self.inner_x).zip(rows_mut(y, self.inner_y)).take(self.outer) {
            let Some(y) = row_mut(y, self.offset, x.len()) else {
                return;
            };
            copy_row(x, y);
        }
    }
}

/// `y[o, offset + i] = x[o, i]`.
#[inline(always)]
pub fn concat<P: Param<Concat>, T: Element>(_: Simd, layer: P, x: &[T], y: &mut [T]) {
    plain(layer.get(), (x, y))
}
