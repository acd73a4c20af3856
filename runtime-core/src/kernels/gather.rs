use super::body::{Body, plain};
use super::chunks::{rows, rows_mut};
use super::walk::{copy_row, row};
use crate::arch::Arch;
use crate::{Element, Param, Simd};

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
pub trait Index: Element {
    /// The place on an axis of this size, if it is there.
    fn place(self, axis: usize) -> Option<usize>;
}

macro_rules! indices {
    ($($ty:ty)*) => {$(
        impl Index for $ty {
            #[inline(always)]
            fn place(self, axis: usize) -> Option<usize> {
                let place = if self < 0 { axis.checked_sub(self.unsigned_abs() as usize)? } else { self as usize };
                (place < axis).then_some(place)
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
                    if let Some(x) = index.place(self.axis).and_then(|place| x.get(place)) {
                        *y = *x;
                    }
                }
                continue;
            }
            for (y, index) in rows_mut(y, self.inner).zip(indices) {
                let place = index.place(self.axis);
                if let Some(x) = place.and_then(|place| row(x, place * self.inner, self.inner)) {
                    copy_row(x, y);
                }
            }
        }
    }
}

/// `y[o, j, i] = x[o, indices[j], i]`. What an index outside the axis should fill is left as it was.
#[inline(always)]
pub fn gather<P: Param<Gather>, T: Element, I: Index>(_: Simd, layer: P, x: &[T], indices: &[I], y: &mut [T]) {
    plain(layer.get(), (x, indices, y))
}
