use super::body::{Body, compute};
use super::sliding::{Sliding, advance, count};
use super::walk::{row, row_mut};
use crate::arch::Arch;
use crate::{Number, Param, Simd};

/// ONNX `Conv` and `ConvTranspose` as ONNX lays tensors out, over any number of axes and of any type of number, with
/// weights that need not be known beforehand. [`Conv2d`](super::Conv2d), [`DepthwiseConv2d`](super::DepthwiseConv2d)
/// and [`ConvTranspose2d`](super::ConvTranspose2d) are faster where they apply.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "[usize; R]: serde::Serialize")))]
pub struct Conv<const R: usize> {
    /// Number of images.
    pub batch: usize,
    /// Groups of channels.
    pub groups: usize,
    /// Channels of the input and of the output, in each group.
    pub channels: [usize; 2],
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
    /// Elements added before each axis of the input, or cut off the output if transposed.
    pub pads: [usize; R],
    /// Whether windows spread elements of the input over the output, rather than collect them.
    pub transposed: bool,
}

impl<'a, T: Number, const R: usize> Body<(&'a [T], &'a [T], &'a [T], &'a mut [T])> for Conv<R> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, w, bias, y): (&'a [T], &'a [T], &'a [T], &'a mut [T])) {
        let [inputs, outputs] = self.channels;
        let [x_len, y_len, taps] = [&self.input, &self.output, &self.kernel].map(count);
        let mut y_start = 0;
        for image in 0..self.batch {
            for group in 0..self.groups {
                for output in 0..outputs {
                    let channel = group.wrapping_mul(outputs).wrapping_add(output);
                    let (Some(y), Some(bias)) = (row_mut(y, y_start, y_len), bias.get(channel)) else {
                        return;
                    };
                    y_start += y_len;
                    y.fill(*bias);
                    for input in 0..inputs {
                        let plane = image.wrapping_mul(self.groups).wrapping_add(group).wrapping_mul(inputs);
                        let x = row(x, plane.wrapping_add(input).wrapping_mul(x_len), x_len);
                        let filter = if self.transposed {
                            group
                                .wrapping_mul(inputs)
                                .wrapping_add(input)
                                .wrapping_mul(outputs)
                                .wrapping_add(output)
                        } else {
                            channel.wrapping_mul(inputs).wrapping_add(input)
                        };
                        let (Some(x), Some(w)) = (x, row(w, filter.wrapping_mul(taps), taps)) else {
                            return;
                        };
                        self.filter(x, w, y);
                    }
                }
            }
        }
    }
}

impl<const R: usize> Conv<R> {
    /// Adds what one channel of the input gives to one of the output.
    #[inline(always)]
    fn filter<T: Number>(&self, x: &[T], w: &[T], y: &mut [T]) {
        let (elements, windows) = if self.transposed {
            (self.output, self.input)
        } else {
            (self.input, self.output)
        };
        let sliding = Sliding {
            elements,
            windows,
            strides: self.strides,
            dilations: self.dilations,
            pads: self.pads,
        };
        let mut tap = [0; R];
        for w in w {
            add_tap(&sliding, tap, self.transposed, *w, x, y);
            advance(&mut tap, &self.kernel);
        }
    }
}

/// Adds `w * x` to `y` where element `tap` of a window meets an element: `x` has the elements and `y` the windows, or,
/// if `transposed`, the other way round.
#[inline(always)]
pub(super) fn add_tap<T: Number, const R: usize>(
    sliding: &Sliding<R>,
    tap: [usize; R],
    transposed: bool,
    w: T,
    x: &[T],
    y: &mut [T],
) {
    let stride = super::walk::last(&sliding.strides, 1);
    let meetings = sliding.meetings(tap, [0; R]);
    let width = meetings.width;
    for [element, window, _] in meetings {
        let (from, to) = if transposed {
            (window, element)
        } else {
            (element, window)
        };
        if stride == 1 {
            if let (Some(x), Some(y)) = (row(x, from, width), row_mut(y, to, width)) {
                for (y, x) in y.iter_mut().zip(x) {
                    *y = y.add(w.mul(*x));
                }
            }
            continue;
        }
        let (x_step, y_step) = if transposed { (1, stride) } else { (stride, 1) };
        for i in 0..width {
            let x = x.get(from.wrapping_add(i.wrapping_mul(x_step)));
            let y = y.get_mut(to.wrapping_add(i.wrapping_mul(y_step)));
            if let (Some(x), Some(y)) = (x, y) {
                *y = y.add(w.mul(*x));
            }
        }
    }
}

/// `y[n, o, ..]` is `bias[o]` and the sum over the inputs `i` of the group and the taps `t` of `x[n, i, .. + t] *
/// w[o, i, t]` (`w[i, o, t]`, the outputs of a group together, if transposed). Sums are kept in `T`; integers wrap.
#[inline(always)]
pub fn conv<P: Param<Conv<R>>, T: Number, const R: usize>(
    simd: Simd,
    layer: P,
    x: &[T],
    w: &[T],
    bias: &[T],
    y: &mut [T],
) {
    compute(simd, layer, (x, w, bias, y))
}
