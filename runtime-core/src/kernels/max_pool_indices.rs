use super::body::{Body, plain};
use super::sliding::{Sliding, advance, count};
use super::walk::{last, row, row_mut};
use crate::arch::Arch;
use crate::{Number, Param, Simd};

/// ONNX `MaxPool` with its second output, as ONNX lays tensors out, over any number of axes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "[usize; R]: serde::Serialize")))]
pub struct MaxPoolIndices<const R: usize> {
    /// Channels of all images.
    pub planes: usize,
    /// Spatial extents of the input.
    pub input: [usize; R],
    /// Spatial extents of the output.
    pub output: [usize; R],
    /// Extents of a window.
    pub kernel: [usize; R],
    /// Steps from window to window.
    pub strides: [usize; R],
    /// Steps from element to element of a window.
    pub dilations: [usize; R],
    /// Elements added before each axis.
    pub pads: [usize; R],
    /// What a step along each axis adds to an index.
    pub places: [usize; R],
}

/// The index for a window without elements.
const NONE: i64 = -1;

impl<'a, T: Number, const R: usize> Body<(&'a [T], &'a mut [T], &'a mut [i64])> for MaxPoolIndices<R> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y, indices): (&'a [T], &'a mut [T], &'a mut [i64])) {
        let sliding = Sliding {
            elements: self.input,
            windows: self.output,
            strides: self.strides,
            dilations: self.dilations,
            pads: self.pads,
        };
        let (stride, place) = (last(&self.strides, 1), last(&self.places, 1));
        let places = self.places.map(|place| place as isize);
        let [x_len, y_len, taps] = [&self.input, &self.output, &self.kernel].map(count);
        y.fill(T::LEAST);
        indices.fill(NONE);
        for plane in 0..self.planes {
            let (x_start, y_start) = (plane.wrapping_mul(x_len), plane.wrapping_mul(y_len));
            let (Some(x), Some(y), Some(indices)) = (
                row(x, x_start, x_len),
                row_mut(y, y_start, y_len),
                row_mut(indices, y_start, y_len),
            ) else {
                return;
            };
            let mut tap = [0; R];
            for _ in 0..taps {
                let meetings = sliding.meetings(tap, places);
                let width = meetings.width;
                for [element, window, first] in meetings {
                    let (Some(y), Some(indices)) = (row_mut(y, window, width), row_mut(indices, window, width)) else {
                        return;
                    };
                    for (i, (y, index)) in y.iter_mut().zip(indices).enumerate() {
                        let Some(x) = x.get(element.wrapping_add(i.wrapping_mul(stride))) else {
                            return;
                        };
                        if *x > *y || *index == NONE && *x == *y {
                            *y = *x;
                            let step = i.wrapping_mul(stride).wrapping_mul(place);
                            *index = x_start.wrapping_add(first).wrapping_add(step) as i64;
                        }
                    }
                }
                advance(&mut tap, &self.kernel);
            }
        }
    }
}

/// The greatest element of each window, the first of equal ones, and its index in all of `x`; the least value of the
/// type and -1 for a window without elements.
#[inline(always)]
pub fn max_pool_indices<P: Param<MaxPoolIndices<R>>, T: Number, const R: usize>(
    _: Simd,
    layer: P,
    x: &[T],
    y: &mut [T],
    indices: &mut [i64],
) {
    plain(layer.get(), (x, y, indices))
}
