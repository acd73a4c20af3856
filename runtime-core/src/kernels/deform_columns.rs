use super::body::{Body, plain};
use super::sliding::{advance, count};
use super::walk::{contiguous, row};
use crate::arch::Arch;
use crate::{Float, Param, Simd};

/// The elements of windows whose places are moved by an offset each, interpolated linearly: what ONNX `DeformConv`
/// multiplies by its weights. Tensors are as ONNX lays them out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "[usize; R]: serde::Serialize")))]
pub struct DeformColumns<const R: usize> {
    /// Groups of channels that are moved alike, of all images.
    pub groups: usize,
    /// Channels of a group.
    pub channels: usize,
    /// Number of axes that places are moved along: the last ones.
    pub axes: usize,
    /// Spatial extents of the input.
    pub input: [usize; R],
    /// Number of windows along each axis.
    pub windows: [usize; R],
    /// Extents of a window.
    pub kernel: [usize; R],
    /// Steps from window to window.
    pub strides: [usize; R],
    /// Steps from element to element of a window.
    pub dilations: [usize; R],
    /// Elements added before each axis.
    pub pads: [usize; R],
}

impl<'a, T: Float, const R: usize> Body<(&'a [T], &'a [T], &'a mut [T])> for DeformColumns<R> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, offsets, y): (&'a [T], &'a [T], &'a mut [T])) {
        let [plane, windows, taps] = [&self.input, &self.windows, &self.kernel].map(count);
        let mut at = 0;
        y.fill(T::ZERO);
        for group in 0..self.groups {
            let first = group.wrapping_mul(self.channels);
            let mut tap = [0; R];
            for t in 0..taps {
                let Some(offsets) = row(offsets, at, self.axes.wrapping_mul(windows)) else {
                    return;
                };
                at += offsets.len();
                let mut window = [0; R];
                for i in 0..windows {
                    let sample = self.sample(&tap, &window, |axis| {
                        offsets.get(axis.wrapping_mul(windows).wrapping_add(i))
                    });
                    for corner in 0..1usize.checked_shl(self.axes as u32).unwrap_or(0) {
                        let Some((place, weight)) = self.corner::<T>(&sample, corner) else {
                            continue;
                        };
                        for channel in 0..self.channels {
                            let channel = first.wrapping_add(channel);
                            let x = x.get(channel.wrapping_mul(plane).wrapping_add(place));
                            let column = channel.wrapping_mul(taps).wrapping_add(t).wrapping_mul(windows);
                            if let (Some(x), Some(y)) = (x, y.get_mut(column.wrapping_add(i))) {
                                *y = y.add(weight.mul(*x));
                            }
                        }
                    }
                    advance(&mut window, &self.windows);
                }
                advance(&mut tap, &self.kernel);
            }
        }
    }
}

/// Along each axis the element before a place, and how far beyond it the place is.
type Sample<const R: usize> = [(isize, f64); R];

impl<const R: usize> DeformColumns<R> {
    /// Where an element of a window is.
    #[inline(always)]
    fn sample<'a, T: Float>(
        &self,
        tap: &[usize; R],
        window: &[usize; R],
        offset: impl Fn(usize) -> Option<&'a T>,
    ) -> Sample<R> {
        let mut sample = [(0, 0.0); R];
        for (axis, sample) in sample.iter_mut().enumerate() {
            let place = window[axis]
                .wrapping_mul(self.strides[axis])
                .wrapping_add(tap[axis].wrapping_mul(self.dilations[axis]));
            let place = (place as isize).wrapping_sub_unsigned(self.pads[axis]);
            let moved = (axis + self.axes).checked_sub(R).and_then(&offset);
            let place = place as f64 + moved.map_or(0.0, |offset| offset.to_f64());
            let whole = place as isize;
            let before = if whole as f64 > place {
                whole.saturating_sub(1)
            } else {
                whole
            };
            *sample = (before, place - before as f64);
        }
        sample
    }

    /// One of the elements around a place, and its weight. `None` if it is outside or has none.
    #[inline(always)]
    fn corner<T: Float>(&self, sample: &Sample<R>, corner: usize) -> Option<(usize, T)> {
        let strides = contiguous(&self.input);
        let (mut place, mut weight) = (0usize, 1.0);
        for (axis, (before, beyond)) in sample.iter().enumerate() {
            let bit = (R - 1 - axis) as u32;
            let after = corner.checked_shr(bit).unwrap_or(0) & 1;
            let index = usize::try_from(before.checked_add_unsigned(after)?).ok()?;
            if index >= self.input[axis] {
                return None;
            }
            weight *= if after == 1 { *beyond } else { 1.0 - *beyond };
            place = place.wrapping_add(index.wrapping_mul(strides[axis] as usize));
        }
        (weight != 0.0).then(|| (place, T::from_f64(weight)))
    }
}

/// `y[group, channel, tap, window]` from the channels `x[group, channel]` at the place of the element `tap` of a
/// window, moved by `offsets[group, tap, axis, window]`. What lies outside of `x` is zero.
#[inline(always)]
pub fn deform_columns<P: Param<DeformColumns<R>>, T: Float, const R: usize>(
    _: Simd,
    layer: P,
    x: &[T],
    offsets: &[T],
    y: &mut [T],
) {
    plain(layer.get(), (x, offsets, y))
}
