//! Walking through the rows of strided tensors.

/// The last element, or `otherwise` where there is none.
#[inline(always)]
pub(super) fn last<T: Copy, const R: usize>(values: &[T; R], otherwise: T) -> T {
    values.last().copied().unwrap_or(otherwise)
}

/// The offsets of successive rows of `N` tensors that are walked together. All arithmetic wraps: an offset that
/// belongs to no element is found out when the row is taken.
pub(super) struct Walk<const R: usize, const N: usize> {
    dims: [usize; R],
    strides: [[isize; R]; N],
    index: [usize; R],
    offsets: [isize; N],
}

impl<const R: usize, const N: usize> Walk<R, N> {
    #[inline(always)]
    pub(super) fn new(dims: [usize; R], strides: [[isize; R]; N], offsets: [isize; N]) -> Self {
        Self {
            dims,
            strides,
            index: [0; R],
            offsets,
        }
    }

    /// Where the current row starts in each tensor; moves on to the next.
    #[inline(always)]
    pub(super) fn next(&mut self) -> [usize; N] {
        let row = self.offsets.map(|offset| offset as usize);
        for axis in (0..R.saturating_sub(1)).rev() {
            self.index[axis] += 1;
            let wrapped = self.index[axis] >= self.dims[axis];
            let steps = if wrapped {
                1isize.wrapping_sub(self.dims[axis] as isize)
            } else {
                1
            };
            for (offset, strides) in self.offsets.iter_mut().zip(&self.strides) {
                *offset = offset.wrapping_add(strides[axis].wrapping_mul(steps));
            }
            if !wrapped {
                break;
            }
            self.index[axis] = 0;
        }
        row
    }
}

/// Row-major strides of a contiguous tensor.
#[inline(always)]
pub(super) fn contiguous<const R: usize>(dims: &[usize; R]) -> [isize; R] {
    let mut strides = [0; R];
    let mut step = 1usize;
    for (stride, dim) in strides.iter_mut().zip(dims).rev() {
        *stride = step as isize;
        step = step.wrapping_mul(*dim);
    }
    strides
}

/// `y = x` for rows of equal length.
#[inline(always)]
pub(super) fn copy_row<T: Copy>(x: &[T], y: &mut [T]) {
    if x.len() == y.len() {
        y.copy_from_slice(x);
    }
}

/// Element `i` of `x`.
#[inline(always)]
pub(super) fn element<T: Copy>(x: &[T], i: usize) -> Option<T> {
    x.get(i).copied()
}

/// The `len` elements of `x` that start at `start`.
#[inline(always)]
pub(super) fn row<T>(x: &[T], start: usize, len: usize) -> Option<&[T]> {
    x.get(start..)?.get(..len)
}

/// The `len` elements of `y` that start at `start`.
#[inline(always)]
pub(super) fn row_mut<T>(y: &mut [T], start: usize, len: usize) -> Option<&mut [T]> {
    y.get_mut(start..)?.get_mut(..len)
}

/// `count` elements in steps of `step`. (`step_by` with a step that is not constant has a panic path.)
#[inline(always)]
pub(super) fn line<T: Copy>(x: &[T], start: usize, step: usize, count: usize) -> impl Iterator<Item = T> {
    (0..count).map_while(move |i| x.get(start.wrapping_add(i.wrapping_mul(step))).copied())
}
