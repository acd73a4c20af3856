use super::body::{Body, plain};
use super::cast::CastFrom;
use super::chunks::{rows, rows_mut};
use crate::arch::Arch;
use crate::function::{Apply, Floor, Round};
use crate::{Float, Param, Simd};

/// How an element between others is made of them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum GridMode {
    /// The nearest one; of two equally near the one at the even place.
    Nearest,
    /// A line between two neighbours along each axis.
    Linear,
    /// A cubic through four neighbours along each axis.
    Cubic,
}

/// What lies outside of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum GridPadding {
    /// Zeros.
    Zeros,
    /// The nearest element of the image.
    Border,
    /// The image mirrored at its border.
    Reflection,
}

/// Elements of images at given locations: ONNX `GridSample` with up to three spatial axes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "[usize; R]: serde::Serialize")))]
pub struct GridSample<const R: usize> {
    /// Spatial sizes of an image.
    pub input: [usize; R],
    /// Channels of an image.
    pub channels: usize,
    /// Number of locations in an image.
    pub points: usize,
    /// How an element between others is made of them.
    pub mode: GridMode,
    /// What lies outside of the image.
    pub padding: GridPadding,
    /// Whether -1 and 1 are the centers of the first and last element, or their outer edges.
    pub align_corners: bool,
}

/// Neighbours along one axis.
const WIDTH: usize = 4;
/// Neighbours along three axes.
const TAPS: usize = WIDTH * WIDTH * WIDTH;

/// The neighbours of a location along one axis: where they are, if in the image, and their weights.
#[derive(Clone, Copy)]
struct Line<T> {
    places: [Option<usize>; WIDTH],
    weights: [T; WIDTH],
}

impl<const R: usize> GridSample<R> {
    /// The place that stands for place `i` of an axis of this size.
    #[inline(always)]
    fn place(self, i: i64, size: usize) -> Option<usize> {
        let last = size.checked_sub(1)? as i64;
        let i = match self.padding {
            GridPadding::Zeros => Some(i).filter(|i| (0..=last).contains(i))?,
            GridPadding::Border => i.clamp(0, last),
            GridPadding::Reflection if self.align_corners => {
                let i = i.checked_rem_euclid(2 * last).unwrap_or(0);
                i.min(2 * last - i)
            }
            GridPadding::Reflection => {
                let i = i.checked_rem_euclid(2 * last + 2).unwrap_or(0);
                i.min(2 * last + 1 - i)
            }
        };
        Some(i as usize)
    }

    #[inline(always)]
    fn line<A: Arch, T: Apply>(self, location: T, size: usize) -> Line<T>
    where
        i32: CastFrom<T>,
    {
        let number = T::from_f32;
        let (length, half) = (number(size as f32), number(0.5));
        let x = location.add(T::ONE).mul(half);
        let mut x = if self.align_corners {
            x.mul(length.sub(T::ONE))
        } else {
            x.mul(length).sub(half)
        };
        if self.mode == GridMode::Nearest {
            x = x.apply::<A, _>(Round);
        }
        let floor = x.apply::<A, _>(Floor);
        let (first, t) = (i64::from(i32::cast_from(floor)), x.sub(floor));
        let rest = T::ONE.sub(t);
        let none = T::ZERO;
        let (first, count, weights) = match self.mode {
            GridMode::Nearest => (first, 1, [T::ONE, none, none, none]),
            GridMode::Linear => (first, 2, [rest, t, none, none]),
            GridMode::Cubic => {
                let weights = [outer(T::ONE.add(t)), inner(t), inner(rest), outer(T::ONE.add(rest))];
                (first - 1, WIDTH, weights)
            }
        };
        let mut line = Line {
            places: [None; WIDTH],
            weights,
        };
        for (i, place) in line.places.iter_mut().enumerate().take(count) {
            *place = self.place(first + i as i64, size);
        }
        line
    }

    /// The neighbours of a location and their weights; gives their number.
    #[inline(always)]
    fn taps<A: Arch, T: Apply>(self, location: &[T], places: &mut [usize; TAPS], weights: &mut [T; TAPS]) -> usize
    where
        i32: CastFrom<T>,
    {
        (places[0], weights[0]) = (0, T::ONE);
        let mut count = 1;
        // Locations begin with the innermost axis.
        for (size, location) in self.input.iter().zip(location.iter().rev()) {
            let line = self.line::<A, T>(*location, *size);
            let (before, weights_before) = (*places, *weights);
            let old = before.iter().zip(weights_before).take(count);
            let mut taps = places.iter_mut().zip(weights.iter_mut());
            count = 0;
            for (place, weight) in old {
                for (step, factor) in line.places.iter().zip(line.weights) {
                    if let Some(step) = step
                        && let Some((at, w)) = taps.next()
                    {
                        *at = place.wrapping_mul(*size).wrapping_add(*step);
                        *w = weight.mul(factor);
                        count += 1;
                    }
                }
            }
        }
        count
    }
}

/// A parameter of the cubic, as in other implementations.
const A: f32 = -0.75;

/// The weight of a neighbour less than one element away.
#[inline(always)]
fn inner<T: Float>(x: T) -> T {
    let (a2, a3) = (T::from_f32(A + 2.0), T::from_f32(A + 3.0));
    a2.mul(x).sub(a3).mul(x).mul(x).add(T::ONE)
}

/// The weight of a neighbour from one to two elements away.
#[inline(always)]
fn outer<T: Float>(x: T) -> T {
    let a = |factor: f32| T::from_f32(factor * A);
    a(1.0).mul(x).sub(a(5.0)).mul(x).add(a(8.0)).mul(x).sub(a(4.0))
}

impl<'a, T: Apply, const R: usize> Body<(&'a [T], &'a [T], &'a mut [T])> for GridSample<R>
where
    i32: CastFrom<T>,
{
    #[inline(always)]
    fn body<A: Arch>(self, (x, grid, y): (&'a [T], &'a [T], &'a mut [T])) {
        let size = self.input.iter().fold(1usize, |size, dim| size.saturating_mul(*dim));
        let images = rows(x, size.saturating_mul(self.channels));
        let grids = rows(grid, self.points.saturating_mul(R));
        let results = rows_mut(y, self.points.saturating_mul(self.channels));
        let (mut places, mut weights) = ([0; TAPS], [T::ZERO; TAPS]);
        for ((x, grid), y) in images.zip(grids).zip(results) {
            for (point, location) in rows(grid, R).enumerate() {
                let count = self.taps::<A, T>(location, &mut places, &mut weights);
                for (x, y) in rows(x, size).zip(rows_mut(y, self.points)) {
                    let taps = places.iter().zip(&weights).take(count);
                    let products = taps.filter_map(|(place, weight)| Some(x.get(*place)?.mul(*weight)));
                    if let Some(y) = y.get_mut(point) {
                        *y = products.fold(T::ZERO, T::add);
                    }
                }
            }
        }
    }
}

/// `y[n, c, p]` is the element of image `x[n, c]` at location `grid[n, p]`, whose coordinates run from -1 to 1, the
/// innermost axis first.
#[inline(always)]
pub fn grid_sample<P, T, const R: usize>(_: Simd, layer: P, x: &[T], grid: &[T], y: &mut [T])
where
    P: Param<GridSample<R>>,
    T: Apply,
    i32: CastFrom<T>,
{
    plain(layer.get(), (x, grid, y))
}
