use super::body::{Body, compute};
use super::chunks::{rows, rows_mut};
use super::window::{Span, Window};
use crate::arch::Arch;
use crate::{Float, Number, Simd};

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
    /// The positions of the windows of output `place` along an axis.
    #[inline(always)]
    fn span<A: Arch>(self, axis: usize, place: usize) -> Span {
        let axis = axis & 1;
        let window = Window::new(
            place,
            self.strides[axis],
            self.pads[axis],
            self.kernel[axis],
            self.dilations[axis],
            self.input[axis],
        );
        let pad_end = self.pads[axis + 2];
        if A::NARROW {
            window.shared_span(pad_end)
        } else {
            window.span(pad_end)
        }
    }

    /// The number of elements of a window that are averaged.
    #[inline(always)]
    pub(super) fn averaged(self, vertical: Span, horizontal: Span) -> usize {
        if self.count_include_pad {
            vertical.padded * horizontal.padded
        } else {
            vertical.count * horizontal.count
        }
    }

    /// Folds each window, channel by channel, and finishes it with what `prepare` makes of the window. With `ONE_LOOP`,
    /// cores with little flash have one loop for any number of channels.
    #[inline(always)]
    pub(super) fn pool<A: Arch, T: Copy, S: Copy, U, W: Copy, const ONE_LOOP: bool>(
        self,
        x: &[T],
        y: &mut [U],
        start: S,
        step: impl Fn(S, T) -> S,
        prepare: impl Fn(Span, Span) -> W,
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
                let vertical = self.span::<A>(0, out_y);
                for (out_x, y) in rows_mut(y, channels).enumerate() {
                    let horizontal = self.span::<A>(1, out_x);
                    let window = prepare(vertical, horizontal);
                    let places = Places {
                        rows: vertical.count,
                        row_step: vertical.step * width * channels,
                        columns: horizontal.count,
                        column_step: horizontal.step * channels,
                    };
                    let first = (vertical.first.wrapping_mul(width)).wrapping_add(horizontal.first);
                    let x = x.get(first.wrapping_mul(channels)..).unwrap_or_default();
                    let finish = |total| finish(total, window);
                    let mut first = 0;
                    let mut rest = y;
                    while !rest.is_empty() {
                        let part;
                        let x = x.get(first..).unwrap_or_default();
                        if !A::NARROW && rest.len() >= 16 {
                            (part, rest) = take::<_, 16>(rest);
                            fold::<_, _, _, 16>(x, places, start, &step, finish, part);
                        } else if A::NARROW && ONE_LOOP {
                            // As many sums as registers have room for.
                            let len = rest.len().min(4);
                            (part, rest) = rest.split_at_mut_checked(len).unwrap_or_default();
                            fold_few::<_, _, _, 4>(x, places, start, &step, finish, part);
                        } else if rest.len() >= 8 {
                            (part, rest) = take::<_, 8>(rest);
                            fold::<_, _, _, 8>(x, places, start, &step, finish, part);
                        } else {
                            (part, rest) = (rest, &mut []);
                            fold_few::<_, _, _, 8>(x, places, start, &step, finish, part);
                        }
                        first += part.len();
                    }
                }
            }
        }
    }
}

/// Where the elements of a window are, from the first of them on.
#[derive(Clone, Copy)]
struct Places {
    rows: usize,
    row_step: usize,
    columns: usize,
    column_step: usize,
}

impl Places {
    /// Calls `each` with what is from each element on, until it gives `None`.
    #[inline(always)]
    fn visit<T>(self, x: &[T], mut each: impl FnMut(&[T]) -> Option<()>) -> Option<()> {
        for row in 0..self.rows {
            let mut place = row * self.row_step;
            for _ in 0..self.columns {
                each(x.get(place..)?)?;
                place += self.column_step;
            }
        }
        Some(())
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
    places: Places,
    start: S,
    step: impl Fn(S, T) -> S,
    finish: impl Fn(S) -> U,
    y: &mut [U],
) {
    let mut lanes = [start; N];
    let all = places.visit(x, |x| {
        for (lane, x) in lanes.iter_mut().zip(x.first_chunk::<N>()?) {
            *lane = step(*lane, *x);
        }
        Some(())
    });
    if all.is_none() {
        return;
    }
    for (y, lane) in y.iter_mut().zip(lanes) {
        *y = finish(lane);
    }
}

/// Folds `N` channels or fewer.
#[inline(always)]
fn fold_few<T: Copy, S: Copy, U, const N: usize>(
    x: &[T],
    places: Places,
    start: S,
    step: impl Fn(S, T) -> S,
    finish: impl Fn(S) -> U,
    y: &mut [U],
) {
    let mut lanes = [start; N];
    let width = y.len();
    let all = places.visit(x, |x| {
        for (lane, x) in lanes.iter_mut().zip(x).take(width) {
            *lane = step(*lane, *x);
        }
        Some(())
    });
    if all.is_none() {
        return;
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
        self.pool::<A, _, _, _, _, false>(x, y, T::LEAST, |m, x| if x > m { x } else { m }, |_, _| (), |m, ()| m);
    }
}

impl<'a, T: Float> Body<Average<'a, T>> for Pool2d {
    #[inline(always)]
    fn body<A: Arch>(self, Average(x, y): Average<'a, T>) {
        self.pool::<A, _, _, _, _, false>(
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
pub fn max_pool2d<T: Number>(simd: Simd, layer: &Pool2d, x: &[T], y: &mut [T]) {
    compute::<_, Pool2d, _>(simd, layer, Greatest(x, y))
}

/// The average of each window.
#[inline(always)]
pub fn average_pool2d<T: Float>(simd: Simd, layer: &Pool2d, x: &[T], y: &mut [T]) {
    compute::<_, Pool2d, _>(simd, layer, Average(x, y))
}
