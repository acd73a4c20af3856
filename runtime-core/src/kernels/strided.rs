use super::body::{Body, plain};
use super::chunks::{blocks_mut, rows_mut};
use super::walk::{Walk, copy_row, last, row};
use crate::arch::Arch;
use crate::{Element, Param, Simd};

/// Copies elements at regular distances into a contiguous tensor: ONNX `Transpose`, `Slice`, `Expand`, `Split`, and
/// `Tile` (whose repeats are axes of stride 0).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(serialize = "[usize; R]: serde::Serialize, [isize; R]: serde::Serialize"))
)]
pub struct Strided<const R: usize> {
    /// Shape of the output.
    pub dims: [usize; R],
    /// Elements of the input that a step along each axis skips: 0 repeats, negative runs backwards.
    pub strides: [isize; R],
    /// Element of the input that comes first.
    pub offset: usize,
}

/// Rows and columns of a block that is transposed at once.
const TILE: usize = 8;

impl<'a, T: Element, const R: usize> Body<(&'a [T], &'a mut [T])> for Strided<R> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [T], &'a mut [T])) {
        let width = last(&self.dims, 1);
        if width == 0 {
            return;
        }
        let stride = last(&self.strides, 1);
        if let ([.., rows, _], [.., 1, column]) = (self.dims.as_slice(), self.strides.as_slice())
            && let Ok(column) = usize::try_from(*column)
            && column >= *rows
            && *rows > 1
        {
            return self.matrices(*rows, width, column, x, y);
        }
        let mut rows = Walk::new(self.dims, [self.strides], [self.offset as isize]);
        for y in rows_mut(y, width) {
            let [start] = rows.next();
            if copy(x, start, stride, y).is_none() {
                return;
            }
        }
    }
}

/// One row of the output.
#[inline(always)]
fn copy<T: Copy>(x: &[T], start: usize, stride: isize, y: &mut [T]) -> Option<()> {
    match stride {
        1 => copy_row(row(x, start, y.len())?, y),
        0 => y.fill(*x.get(start)?),
        _ => {
            let mut at = start;
            for y in y {
                *y = *x.get(at)?;
                at = at.wrapping_add_signed(stride);
            }
        }
    }
    Some(())
}

impl<const R: usize> Strided<R> {
    /// Transposes matrices of `rows` by `width` (as the output has them), whose columns lie `column` apart in `x`.
    #[inline(always)]
    fn matrices<T: Element>(self, rows: usize, width: usize, column: usize, x: &[T], y: &mut [T]) {
        let mut outer = self;
        if let [.., last_but_one, last] = outer.dims.as_mut_slice() {
            (*last_but_one, *last) = (1, 1);
        }
        let mut starts = Walk::new(outer.dims, [outer.strides], [self.offset as isize]);
        let size = rows.saturating_mul(width).max(1);
        for y in rows_mut(y, size) {
            let [start] = starts.next();
            let Some(x) = x.get(start..) else { return };
            transpose(rows, width, column, x, y);
        }
    }
}

#[inline(always)]
fn run<T>(x: &[T], start: usize) -> Option<&[T; TILE]> {
    x.get(start..)?.first_chunk()
}

/// `y[i * width + j] = x[i + j * column]`, in square blocks so that both sides are read and written in runs.
#[inline(always)]
pub(super) fn transpose<T: Element>(rows: usize, width: usize, column: usize, x: &[T], y: &mut [T]) {
    if width == 3 {
        // The colours of an image.
        let _ = colours(rows, column, x, y);
        return;
    }
    if width < TILE {
        // Few planes, one after the other.
        for j in 0..width {
            let Some(plane) = x.get(j * column..).and_then(|x| x.get(..rows)) else {
                return;
            };
            for (y, value) in rows_mut(y, width).zip(plane) {
                if let Some(y) = y.get_mut(j) {
                    *y = *value;
                }
            }
        }
        return;
    }
    for (block, y) in blocks_mut(y, width.saturating_mul(TILE).max(1)).enumerate() {
        let top = block * TILE;
        let mut left = 0;
        while left < width {
            let block_width = TILE.min(width - left);
            let full = block_width == TILE && top + TILE <= rows;
            if full {
                let Some(first) = run(x, left * column + top) else {
                    return;
                };
                let mut runs = [first; TILE];
                for (j, place) in runs.iter_mut().enumerate() {
                    let Some(run) = run(x, (left + j) * column + top) else {
                        return;
                    };
                    *place = run;
                }
                for (i, y) in rows_mut(y, width).enumerate().take(TILE) {
                    let Some(y) = y.get_mut(left..).and_then(|y| y.first_chunk_mut::<TILE>()) else {
                        return;
                    };
                    *y = runs.map(|run| run[i & (TILE - 1)]);
                }
            } else {
                for (i, y) in rows_mut(y, width).enumerate() {
                    let Some(y) = y.get_mut(left..left + block_width) else {
                        return;
                    };
                    for (j, y) in y.iter_mut().enumerate() {
                        let Some(value) = x.get((left + j) * column + top + i) else {
                            return;
                        };
                        *y = *value;
                    }
                }
            }
            left += block_width;
        }
    }
}

/// [`transpose`] of three planes, all of which are read at once.
#[inline(always)]
fn colours<T: Element>(rows: usize, column: usize, x: &[T], y: &mut [T]) -> Option<()> {
    let (first, second) = (x.get(..rows)?, x.get(column..)?.get(..rows)?);
    let third = x.get(column.checked_mul(2)?..)?.get(..rows)?;
    let (y, _) = y.as_chunks_mut::<3>();
    for (((y, a), b), c) in y.iter_mut().zip(first).zip(second).zip(third) {
        *y = [*a, *b, *c];
    }
    Some(())
}

/// `y`, contiguous with shape `dims`, from the elements of `x` at `offset` plus the strides times the index.
#[inline(always)]
pub fn strided<P: Param<Strided<R>>, T: Element, const R: usize>(_: Simd, layer: P, x: &[T], y: &mut [T]) {
    plain(layer.get(), (x, y))
}
