use super::body::{Body, plain};
use super::chunks::{rows, rows_mut};
use super::walk::{copy_row, row};
use crate::arch::Arch;
use crate::{Element, Param, Simd};
use core::ops::Not;

/// Picks slices by index along one axis: ONNX `Gather`, and nearest `Resize` along one axis (with an index table).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Gather {
    /// Product of the sizes of the axes before the gathered one.
    pub outer: usize,
    /// Size of the gathered axis.
    pub axis: usize,
    /// Product of the sizes of the axes after it.
    pub inner: usize,
    /// Number of indices.
    pub count: usize,
}

/// An integer that counts along an axis, from its end where negative.
///
/// An index outside its axis names nothing, on every target alike: what it should read is zero, and what it should
/// write is left out. All kernels that take indices keep to this rule, so a result never depends on what memory held
/// before.
pub trait Index: Element {
    /// The place on an axis of this size, if it is there.
    fn place(self, axis: usize) -> Option<usize>;
}

/// [`Index::place`] of any integer. An index that `usize` cannot hold is outside every axis; it is never cut off, which
/// would make another index of it.
#[inline(always)]
fn place<I>(index: I, axis: usize) -> Option<usize>
where
    I: Copy + Not<Output = I>,
    usize: TryFrom<I>,
{
    match usize::try_from(index) {
        Ok(place) => Some(place).filter(|place| *place < axis),
        // `!index` is `-index - 1`: the place counted from the last one.
        Err(_) => axis.checked_sub(usize::try_from(!index).ok()?)?.checked_sub(1),
    }
}

macro_rules! indices {
    ($($ty:ty)*) => {$(
        impl Index for $ty {
            #[inline(always)]
            fn place(self, axis: usize) -> Option<usize> {
                place(self, axis)
            }
        }
    )*};
}
indices! { i32 i64 }

impl<'a, T: Element, I: Index> Body<(&'a [T], &'a [I], &'a mut [T])> for Gather {
    #[inline(always)]
    fn body<A: Arch>(self, (x, indices, y): (&'a [T], &'a [I], &'a mut [T])) {
        let (Some(slice), Some(slice_y)) = (self.axis.checked_mul(self.inner), self.count.checked_mul(self.inner))
        else {
            return;
        };
        if slice == 0 || slice_y == 0 {
            return;
        }
        for (x, y) in rows(x, slice).zip(rows_mut(y, slice_y)).take(self.outer) {
            if self.inner == 1 {
                for (y, index) in y.iter_mut().zip(indices) {
                    let x = index.place(self.axis).and_then(|place| x.get(place));
                    *y = x.copied().unwrap_or_default();
                }
                continue;
            }
            for (y, index) in rows_mut(y, self.inner).zip(indices) {
                let place = index.place(self.axis);
                match place.and_then(|place| row(x, place * self.inner, self.inner)) {
                    Some(x) => copy_row(x, y),
                    None => y.fill(T::default()),
                }
            }
        }
    }
}

/// `y[o, j, i] = x[o, indices[j], i]`, zero for an index outside the axis.
#[inline(always)]
pub fn gather<P: Param<Gather>, T: Element, I: Index>(_: Simd, layer: P, x: &[T], indices: &[I], y: &mut [T]) {
    plain(layer.get(), (x, indices, y))
}

#[cfg(test)]
mod tests {
    use super::place;

    /// An `i128` is to a `usize` of 64 bits what an `i64` is to one of 32.
    #[test]
    fn indices_wider_than_an_address_are_not_cut_off() {
        let beyond = 1i128 << usize::BITS;
        for outside in [beyond, beyond + 3, -beyond, -beyond - 1, i128::MAX, i128::MIN, 4, -5] {
            assert_eq!(place(outside, 4), None, "{outside}");
        }
        assert_eq!(
            [0, 3, -1, -4].map(|index: i128| place(index, 4)),
            [Some(0), Some(3), Some(3), Some(0)]
        );
        assert_eq!([i64::MIN, -1, 0, i64::MAX].map(|index| place(index, 0)), [None; 4]);
    }
}
