use super::body::{Body, plain};
use super::conv::add_tap;
use super::sliding::{Sliding, advance, count};
use super::walk::{row, row_mut};
use crate::arch::Arch;
use crate::{Number, Param, Simd};

/// Adds up windows where they overlap: ONNX `Col2Im`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "[usize; R]: serde::Serialize")))]
pub struct Col2Im<const R: usize> {
    /// Channels of all images.
    pub planes: usize,
    /// Number of windows along each axis.
    pub windows: [usize; R],
    /// Spatial extents of an image.
    pub image: [usize; R],
    /// Extents of a window.
    pub kernel: [usize; R],
    /// Steps from window to window.
    pub strides: [usize; R],
    /// Steps from element to element of a window.
    pub dilations: [usize; R],
    /// Elements by which windows reach beyond the beginning of each axis.
    pub pads: [usize; R],
}

impl<'a, T: Number, const R: usize> Body<(&'a [T], &'a mut [T])> for Col2Im<R> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [T], &'a mut [T])) {
        let sliding = Sliding {
            elements: self.image,
            windows: self.windows,
            strides: self.strides,
            dilations: self.dilations,
            pads: self.pads,
        };
        let [x_len, y_len, taps] = [&self.windows, &self.image, &self.kernel].map(count);
        let mut x_start = 0;
        for plane in 0..self.planes {
            let Some(y) = row_mut(y, plane.wrapping_mul(y_len), y_len) else {
                return;
            };
            y.fill(T::ZERO);
            let mut tap = [0; R];
            for _ in 0..taps {
                let Some(x) = row(x, x_start, x_len) else { return };
                x_start += x_len;
                add_tap(&sliding, tap, true, T::ONE, x, y);
                advance(&mut tap, &self.kernel);
            }
        }
    }
}

/// `y[plane, ..]` is the sum of the elements of `x[plane, tap, window]` that lie there. Integers wrap.
#[inline(always)]
pub fn col2im<P: Param<Col2Im<R>>, T: Number, const R: usize>(_: Simd, layer: P, x: &[T], y: &mut [T]) {
    plain(layer.get(), (x, y))
}
