use super::body::{Body, plain};
use super::chunks::{rows, rows_mut};
use super::walk::element;
use crate::arch::Arch;
use crate::{Number, Param, Simd};

/// The greatest or least elements along an axis, in order: ONNX `TopK`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TopK {
    /// Product of the sizes of the axes before the searched one.
    pub outer: usize,
    /// Size of the searched axis.
    pub axis: usize,
    /// Product of the sizes of the axes after it.
    pub inner: usize,
    /// Number of elements sought.
    pub k: usize,
    /// Whether the greatest are sought, or the least.
    pub largest: bool,
}

/// The places of the elements found so far in one line, `step` apart: a heap with the last of them in front.
struct Heap<'a, T> {
    x: &'a [T],
    places: &'a mut [i64],
    inner: usize,
    column: usize,
    largest: bool,
}

impl<T: Number> Heap<'_, T> {
    #[inline(always)]
    fn place(&self, i: usize) -> Option<i64> {
        element(self.places, i * self.inner + self.column)
    }

    #[inline(always)]
    fn put(&mut self, i: usize, place: i64) {
        if let Some(at) = self.places.get_mut(i * self.inner + self.column) {
            *at = place;
        }
    }

    #[inline(always)]
    fn element(&self, place: i64) -> Option<T> {
        element(self.x, place as usize * self.inner + self.column)
    }

    /// Whether the element at place `a` comes before the one at `b`: NaN is greater than all numbers, and of equal
    /// elements the first comes first.
    #[inline(always)]
    fn before(&self, a: i64, b: i64) -> bool {
        let (Some(x), Some(y)) = (self.element(a), self.element(b)) else {
            return false;
        };
        match (x.is_nan(), y.is_nan()) {
            (true, true) => a < b,
            (true, false) => self.largest,
            (false, true) => !self.largest,
            _ if x == y => a < b,
            _ => (x > y) == self.largest,
        }
    }

    /// Moves the place at `i` down to where it belongs among the first `len`.
    #[inline(always)]
    fn sink(&mut self, mut i: usize, len: usize) -> Option<()> {
        let moved = self.place(i)?;
        loop {
            let mut child = 2 * i + 1;
            if child >= len {
                break;
            }
            if child + 1 < len && self.before(self.place(child)?, self.place(child + 1)?) {
                child += 1;
            }
            let below = self.place(child)?;
            if !self.before(moved, below) {
                break;
            }
            self.put(i, below);
            i = child;
        }
        self.put(i, moved);
        Some(())
    }

    /// Finds `k` of `axis` elements and puts them into order.
    #[inline(always)]
    fn select(&mut self, axis: usize, k: usize) -> Option<()> {
        for i in 0..k {
            self.put(i, i as i64);
        }
        for i in (0..k / 2).rev() {
            self.sink(i, k)?;
        }
        for i in k..axis {
            if self.before(i as i64, self.place(0)?) {
                self.put(0, i as i64);
                self.sink(0, k)?;
            }
        }
        for len in (1..k).rev() {
            let (first, last) = (self.place(0)?, self.place(len)?);
            self.put(0, last);
            self.put(len, first);
            self.sink(0, len)?;
        }
        Some(())
    }
}

impl<'a, T: Number> Body<(&'a [T], &'a mut [T], &'a mut [i64])> for TopK {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y, places): (&'a [T], &'a mut [T], &'a mut [i64])) {
        let (Some(slice), Some(slice_y)) = (self.axis.checked_mul(self.inner), self.k.checked_mul(self.inner)) else {
            return;
        };
        if self.k > self.axis {
            return;
        }
        let y = rows_mut(y, slice_y).zip(rows_mut(places, slice_y));
        for (x, (y, places)) in rows(x, slice).zip(y).take(self.outer) {
            for column in 0..self.inner {
                let (inner, largest) = (self.inner, self.largest);
                let places = &mut *places;
                let mut heap = Heap {
                    x,
                    places,
                    inner,
                    column,
                    largest,
                };
                if heap.select(self.axis, self.k).is_none() {
                    return;
                }
            }
            for (i, (y, place)) in y.iter_mut().zip(places).enumerate() {
                let column = i.checked_rem(self.inner).unwrap_or(0);
                if let Some(x) = x.get(*place as usize * self.inner + column) {
                    *y = *x;
                }
            }
        }
    }
}

/// `y[o, j, i]` is the element number `j` of all `x[o, .., i]` put into order, and `places` tells where it was.
#[inline(always)]
pub fn top_k<P: Param<TopK>, T: Number>(_: Simd, layer: P, x: &[T], y: &mut [T], places: &mut [i64]) {
    plain(layer.get(), (x, y, places))
}
