use super::body::{Body, plain};
use super::chunks::rows_mut;
use super::walk::{contiguous, copy_row, last, row};
use crate::arch::Arch;
use crate::{Element, Param, Simd};

/// Where the elements outside the input come from.
pub trait PadMode: Copy {
    /// The element of an axis of size `n` that stands at position `i`, if any.
    fn source(self, i: isize, n: usize) -> Option<usize>;
}

macro_rules! modes {
    ($($(#[$meta:meta])* $name:ident: |$i:ident, $n:ident| $source:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        pub struct $name;

        impl PadMode for $name {
            #[inline(always)]
            fn source(self, $i: isize, $n: usize) -> Option<usize> {
                $source
            }
        }
    )*};
}
modes! {
    /// The given value.
    Constant: |i, n| usize::try_from(i).ok().filter(|i| *i < n);
    /// The nearest element of the input.
    Edge: |i, n| Some((i.max(0) as usize).min(n.checked_sub(1)?));
    /// The input mirrored at its first and last element.
    Reflect: |i, n| {
        let last = n.checked_sub(1)?;
        let period = 2 * last as isize;
        let i = i.checked_rem_euclid(period).unwrap_or(0) as usize;
        Some(if i > last { 2 * last - i } else { i })
    };
    /// The input repeated.
    Wrap: |i, n| i.checked_rem_euclid(n as isize).map(|i| i as usize);
}

/// Surrounds a tensor with elements, or cuts some off: ONNX `Pad`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(serialize = "M: serde::Serialize, [usize; R]: serde::Serialize, [isize; R]: serde::Serialize"))
)]
pub struct Pad<M, const R: usize> {
    /// Shape of the input.
    pub input: [usize; R],
    /// Shape of the output.
    pub output: [usize; R],
    /// Elements added before each axis, negative to cut off.
    pub begins: [isize; R],
    /// What is added: [`Constant`], [`Edge`], [`Reflect`] or [`Wrap`].
    pub mode: M,
}

impl<'a, T: Element, M: PadMode, const R: usize> Body<(&'a [T], &'a [T], &'a mut [T])> for Pad<M, R> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, value, y): (&'a [T], &'a [T], &'a mut [T])) {
        let (width_x, width, begin) = (last(&self.input, 1), last(&self.output, 1), last(&self.begins, 0));
        if width == 0 {
            return;
        }
        let strides = contiguous(&self.input);
        let mut index = [0usize; R];
        for y in rows_mut(y, width) {
            match self
                .row_start(&index, &strides)
                .and_then(|start| row(x, start, width_x))
            {
                Some(x) => pad_row(self.mode, begin, x, value, y),
                None => fill(value, y),
            }
            for axis in (0..R.saturating_sub(1)).rev() {
                index[axis] += 1;
                if index[axis] < self.output[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
    }
}

#[inline(always)]
fn fill<T: Copy>(value: &[T], y: &mut [T]) {
    if let Some(value) = value.first() {
        y.fill(*value);
    }
}

#[inline(always)]
fn pad_row<T: Copy, M: PadMode>(mode: M, begin: isize, x: &[T], value: &[T], y: &mut [T]) {
    // The output's columns before `left` and from `right` on lie outside the input.
    let width = y.len();
    let left = (begin.max(0) as usize).min(width);
    let right = (begin.saturating_add_unsigned(x.len()).max(0) as usize)
        .min(width)
        .max(left);
    let first = left.wrapping_add_signed(begin.wrapping_neg());
    if let (Some(x), Some(y)) = (row(x, first, right - left), y.get_mut(left..right)) {
        copy_row(x, y);
    }
    let outside = |y: &mut [T], from: usize| {
        for (i, y) in y.iter_mut().enumerate() {
            let at = ((from + i) as isize).wrapping_sub(begin);
            let element = mode.source(at, x.len()).and_then(|at| x.get(at)).or(value.first());
            if let Some(element) = element {
                *y = *element;
            }
        }
    };
    if let Some(y) = y.get_mut(..left) {
        outside(y, 0);
    }
    if let Some(y) = y.get_mut(right..) {
        outside(y, right);
    }
}

impl<M: PadMode, const R: usize> Pad<M, R> {
    /// Where the row of the input that belongs to a row of the output starts.
    #[inline(always)]
    fn row_start(&self, index: &[usize; R], strides: &[isize; R]) -> Option<usize> {
        let mut start = 0usize;
        for axis in 0..R.saturating_sub(1) {
            let place = (index[axis] as isize).wrapping_sub(self.begins[axis]);
            let place = self.mode.source(place, self.input[axis])?;
            start = start.wrapping_add(place.wrapping_mul(strides[axis] as usize));
        }
        Some(start)
    }
}

/// `y` from `x` and, for [`Constant`], the one element of `value` (empty for the other modes).
#[inline(always)]
pub fn pad<P: Param<Pad<M, R>>, M: PadMode, T: Element, const R: usize>(
    _: Simd,
    layer: P,
    x: &[T],
    value: &[T],
    y: &mut [T],
) {
    plain(layer.get(), (x, value, y))
}
