use super::body::{Body, compute};
use super::chunks::{rows, rows_mut};
use super::window::Window;
use crate::arch::Arch;
use crate::{Float, Number, Param, Simd};

/// ONNX `MaxPool` and `AveragePool` over channels-last images. Windows may reach beyond the padding at the end
/// (`ceil_mode`): only what they share with the input counts. Spatial pairs are (height, width).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Pool2d {
    /// Number of images.
    pub batch: usize,
    /// Height, width and channels of the input.
    pub input: [usize; 3],
    /// Height, width and channels of the output.
    pub output: [usize; 3],
    /// Size of the window.
    pub kernel: [usize; 2],
    /// Steps from window to window.
    pub strides: [usize; 2],
    /// Steps from element to element of a window.
    pub dilations: [usize; 2],
    /// Elements added at the top, left, bottom and right.
    pub pads: [usize; 4],
    /// Whether an average counts the padding as zeros (but never what lies beyond it).
    pub count_include_pad: bool,
}

impl Pool2d {
    #[inline(always)]
    fn window(self, axis: usize, place: usize) -> Window {
        let axis = axis & 1;
        Window::new(
            place,
            self.strides[axis],
            self.pads[axis],
            self.kernel[axis],
            self.dilations[axis],
            self.input[axis],
        )
    }

    /// The number of elements of a window that are averaged.
    #[inline(always)]
    pub(super) fn averaged(self, vertical: Window, horizontal: Window) -> usize {
        let [_, _, bottom, right] = self.pads;
        if self.count_include_pad {
            vertical.padded(bottom) * horizontal.padded(right)
        } else {
            vertical.inside().1 * horizontal.inside().1
        }
    }

    /// Folds each window, channel by channel, and finishes it with what `prepare` makes of the window.
    #[inline(always)]
    pub(super) fn pool<A: Arch, T: Copy, S: Copy, U, W: Copy>(
        self,
        x: &[T],
        y: &mut [U],
        start: S,
        step: impl Fn(S, T) -> S,
        prepare: impl Fn(Window, Window) -> W,
        finish: impl Fn(S, W) -> U,
    ) {
        let [height, width, channels] = self.input;
        let [out_height, out_width, _] = self.output;
        let image = height.wrapping_mul(width).wrapping_mul(channels);
        let row = out_width.wrapping_mul(channels);
        for (x, y) in rows(x, image)
            .zip(rows_mut(y, out_height.wrapping_mul(row)))
            .take(self.batch)
        {
            for (out_y, y) in rows_mut(y, row).enumerate() {
                let vertical = self.window(0, out_y);
                for (out_x, y) in rows_mut(y, channels).enumerate() {
                    let horizontal = self.window(1, out_x);
                    let window = prepare(vertical, horizontal);
                    let (top, rows, step_y) = vertical.inside();
                    let (left, columns, step_x) = horizontal.inside();
                    let places = |first: usize| {
                        (0..rows).flat_map(move |row| {
                            let start = (top + row * step_y) * width + left;
                            (0..columns).map(move |column| (start + column * step_x) * channels + first)
                        })
                    };
                    let finish = |total| finish(total, window);
                    let mut first = 0;
                    let mut rest = y;
                    while !rest.is_empty() {
                        let part;
                        if !A::NARROW && rest.len() >= 16 {
                            (part, rest) = take::<_, 16>(rest);
                            fold::<_, _, _, 16>(x, places(first), start, &step, finish, part);
                        } else if rest.len() >= 8 {
                            (part, rest) = take::<_, 8>(rest);
                            fold::<_, _, _, 8>(x, places(first), start, &step, finish, part);
                        } else {
                            (part, rest) = (rest, &mut []);
                            fold_few(x, places(first), start, &step, finish, part);
                        }
                        first += part.len();
                    }
                }
            }
        }
    }
}

/// The first `N` elements, and the others.
#[inline(always)]
fn take<T, const N: usize>(y: &mut [T]) -> (&mut [T], &mut [T]) {
    y.split_at_mut_checked(N).unwrap_or_default()
}

/// Folds `N` channels side by side.
#[inline(always)]
fn fold<T: Copy, S: Copy, U, const N: usize>(
    x: &[T],
    places: impl Iterator<Item = usize>,
    start: S,
    step: impl Fn(S, T) -> S,
    finish: impl Fn(S) -> U,
    y: &mut [U],
) {
    let mut lanes = [start; N];
    for place in places {
        let Some(x) = x.get(place..).and_then(|x| x.first_chunk::<N>()) else {
            return;
        };
        for (lane, x) in lanes.iter_mut().zip(x) {
            *lane = step(*lane, *x);
        }
    }
    for (y, lane) in y.iter_mut().zip(lanes) {
        *y = finish(lane);
    }
}

/// Folds fewer than eight channels.
#[inline(always)]
fn fold_few<T: Copy, S: Copy, U>(
    x: &[T],
    places: impl Iterator<Item = usize>,
    start: S,
    step: impl Fn(S, T) -> S,
    finish: impl Fn(S) -> U,
    y: &mut [U],
) {
    let mut lanes = [start; 8];
    let width = y.len();
    for place in places {
        let Some(x) = x.get(place..) else { return };
        for (lane, x) in lanes.iter_mut().zip(x).take(width) {
            *lane = step(*lane, *x);
        }
    }
    for (y, lane) in y.iter_mut().zip(lanes) {
        *y = finish(lane);
    }
}

struct Greatest<'a, T>(&'a [T], &'a mut [T]);
struct Average<'a, T>(&'a [T], &'a mut [T]);

impl<'a, T: Number> Body<Greatest<'a, T>> for Pool2d {
    #[inline(always)]
    fn body<A: Arch>(self, Greatest(x, y): Greatest<'a, T>) {
        self.pool::<A, _, _, _, _>(x, y, T::LEAST, |m, x| if x > m { x } else { m }, |_, _| (), |m, ()| m);
    }
}

impl<'a, T: Float> Body<Average<'a, T>> for Pool2d {
    #[inline(always)]
    fn body<A: Arch>(self, Average(x, y): Average<'a, T>) {
        self.pool::<A, _, _, _, _>(
            x,
            y,
            T::ZERO,
            |sum, x| sum.add(x),
            |vertical, horizontal| T::from_f64(self.averaged(vertical, horizontal) as f64),
            |sum, count| sum.div(count),
        );
    }
}

/// The greatest element of each window; the least value of the type for a window without elements.
#[inline(always)]
pub fn max_pool2d<P: Param<Pool2d>, T: Number>(simd: Simd, layer: P, x: &[T], y: &mut [T]) {
    compute(simd, layer, Greatest(x, y))
}

/// The average of each window.
#[inline(always)]
pub fn average_pool2d<P: Param<Pool2d>, T: Float>(simd: Simd, layer: P, x: &[T], y: &mut [T]) {
    compute(simd, layer, Average(x, y))
}
