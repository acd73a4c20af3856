use super::body::{Body, plain};
use super::chunks::{rows, rows_mut};
use super::gather::Index;
use super::walk::{Walk, last};
use crate::arch::Arch;
use crate::{Param, Simd};

/// Places in a tensor from tuples of `K` indices: what ONNX `GatherElements`, `GatherND`, `ScatterElements` and
/// `ScatterND` have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(serialize = "[usize; R]: serde::Serialize, [usize; K]: serde::Serialize"))
)]
pub struct Locate<const R: usize, const K: usize> {
    /// Shape of the places: one per tuple.
    pub dims: [usize; R],
    /// What a step along each of these dimensions adds to a place.
    pub strides: [usize; R],
    /// Sizes of the axes that the indices of a tuple count along.
    pub axes: [usize; K],
    /// What a step along each of these axes adds to a place.
    pub steps: [usize; K],
}

/// The place of a tuple with an index outside its axis: no tensor has so many elements.
const NOWHERE: i32 = i32::MAX;

impl<const R: usize, const K: usize> Locate<R, K> {
    #[inline(always)]
    fn place<I: Index>(&self, tuple: &[I]) -> Option<usize> {
        let mut place = 0usize;
        for ((index, axis), step) in tuple.iter().zip(&self.axes).zip(&self.steps) {
            place = place.wrapping_add(index.place(*axis)?.wrapping_mul(*step));
        }
        Some(place)
    }
}

impl<'a, I: Index, const R: usize, const K: usize> Body<(&'a [I], &'a mut [i32])> for Locate<R, K> {
    #[inline(always)]
    fn body<A: Arch>(self, (indices, y): (&'a [I], &'a mut [i32])) {
        let (width, step) = (last(&self.dims, 1), last(&self.strides, 0));
        let mut tuples = rows(indices, K);
        let mut starts = Walk::new(self.dims, [self.strides.map(|s| s as isize)], [0]);
        for y in rows_mut(y, width) {
            let [mut at] = starts.next();
            for (y, tuple) in y.iter_mut().zip(&mut tuples) {
                let place = self.place(tuple).map(|place| place.wrapping_add(at));
                *y = place.and_then(|place| i32::try_from(place).ok()).unwrap_or(NOWHERE);
                at = at.wrapping_add(step);
            }
        }
    }
}

/// `y[d] = d * strides + indices[d] * steps`, where `d` runs through all indices of `dims`. Indices count from the end
/// of their axis where negative; a tuple with one outside its axis has the place `i32::MAX`.
#[inline(always)]
pub fn locate<P, I, const R: usize, const K: usize>(_: Simd, layer: P, indices: &[I], y: &mut [i32])
where
    P: Param<Locate<R, K>>,
    I: Index,
{
    plain(layer.get(), (indices, y))
}
