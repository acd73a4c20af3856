//! Windows that slide over any number of axes, seen from one of their elements at a time.

use super::walk::{Walk, contiguous, last};

/// Windows along each axis: element `tap` of window `i` is the element `i * stride + tap * dilation - pad` of what they
/// slide over, if there is one.
#[derive(Clone, Copy)]
pub(super) struct Sliding<const R: usize> {
    /// Shape of what they slide over.
    pub(super) elements: [usize; R],
    /// Number of windows along each axis.
    pub(super) windows: [usize; R],
    /// Steps from window to window.
    pub(super) strides: [usize; R],
    /// Steps from element to element of a window.
    pub(super) dilations: [usize; R],
    /// Elements by which the first window precedes what it slides over.
    pub(super) pads: [usize; R],
}

/// The windows that have some element inside, row by row: for each row the first element, the first window, and the sum
/// of the first element's places.
pub(super) struct Meetings<const R: usize> {
    walk: Walk<R, 3>,
    rows: usize,
    /// Windows of a row; their elements lie a stride of the last axis apart.
    pub(super) width: usize,
}

impl<const R: usize> Iterator for Meetings<R> {
    type Item = [usize; 3];

    #[inline(always)]
    fn next(&mut self) -> Option<[usize; 3]> {
        self.rows = self.rows.checked_sub(1)?;
        Some(self.walk.next())
    }
}

impl<const R: usize> Sliding<R> {
    /// The windows whose element `tap` is inside. `places` is what each axis adds to the sum of places in a step.
    #[inline(always)]
    pub(super) fn meetings(&self, tap: [usize; R], places: [isize; R]) -> Meetings<R> {
        let (elements, windows) = (contiguous(&self.elements), contiguous(&self.windows));
        let mut counts = [0usize; R];
        let mut strides = [[0isize; R]; 3];
        let mut starts = [0isize; 3];
        for axis in 0..R {
            let stride = self.strides[axis];
            // The element of window 0.
            let first = (tap[axis].wrapping_mul(self.dilations[axis]) as isize).wrapping_sub_unsigned(self.pads[axis]);
            let before = if first < 0 { first.unsigned_abs() } else { 0 };
            let inside = (self.elements[axis] as isize).saturating_sub(first).max(0) as usize;
            let from = windows_within(before, stride);
            let to = windows_within(inside, stride).min(self.windows[axis]);
            counts[axis] = to.saturating_sub(from);
            let element = first.wrapping_add_unsigned(from.wrapping_mul(stride));
            let steps = [elements[axis], windows[axis], places[axis]];
            for (((start, stride_of), step), (at, by)) in starts.iter_mut().zip(&mut strides).zip(steps).zip([
                (element, stride),
                (from as isize, 1),
                (element, stride),
            ]) {
                *start = start.wrapping_add(step.wrapping_mul(at));
                stride_of[axis] = step.wrapping_mul(by as isize);
            }
        }
        let width = last(&counts, 0);
        let outer = counts.iter().take(R.saturating_sub(1)).product();
        Meetings {
            walk: Walk::new(counts, strides, starts),
            rows: if width == 0 { 0 } else { outer },
            width,
        }
    }
}

/// Windows that start within `extent`.
#[inline(always)]
fn windows_within(extent: usize, stride: usize) -> usize {
    if stride == 1 {
        extent
    } else {
        extent
            .saturating_add(stride.wrapping_sub(1))
            .checked_div(stride)
            .unwrap_or(0)
    }
}

/// The index after this one in an array of shape `dims`; the first after the last.
#[inline(always)]
pub(super) fn advance<const R: usize>(index: &mut [usize; R], dims: &[usize; R]) {
    for (index, dim) in index.iter_mut().zip(dims).rev() {
        *index += 1;
        if *index < *dim {
            return;
        }
        *index = 0;
    }
}

/// Elements of an array of shape `dims`.
#[inline(always)]
pub(super) fn count<const R: usize>(dims: &[usize; R]) -> usize {
    dims.iter().fold(1, |count, dim| count.wrapping_mul(*dim))
}
