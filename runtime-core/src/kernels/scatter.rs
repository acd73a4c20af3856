use super::binary_op::BinaryOp;
use super::body::{Body, plain};
use super::chunks::rows;
use super::walk::{copy_row, row_mut};
use crate::arch::Arch;
use crate::{Element, Param, Simd};

/// Puts slices into a tensor at given places, one after another: ONNX `ScatterElements`, `ScatterND`, `TensorScatter`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Scatter<Op> {
    /// Elements of a slice.
    pub inner: usize,
    /// What is made of an element that is there and one that is put there: [`Replace`], or a reduction.
    pub op: Op,
}

/// The second of two elements.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Replace;

impl<T: Element> BinaryOp<T> for Replace {
    type Output = T;

    #[inline(always)]
    fn eval(self, _: T, b: T) -> T {
        b
    }
}

impl<'a, T: Element, Op: BinaryOp<T, Output = T>> Body<(&'a [i32], &'a [T], &'a mut [T])> for Scatter<Op> {
    #[inline(always)]
    fn body<A: Arch>(self, (places, updates, y): (&'a [i32], &'a [T], &'a mut [T])) {
        for (place, updates) in places.iter().zip(rows(updates, self.inner)) {
            let start = usize::try_from(*place)
                .ok()
                .and_then(|place| place.checked_mul(self.inner));
            let Some(y) = start.and_then(|start| row_mut(y, start, self.inner)) else {
                continue;
            };
            for (y, update) in y.iter_mut().zip(updates) {
                *y = self.op.eval(*y, *update);
            }
        }
    }
}

/// `y` is `x`, and then `y[places[i]] = op(y[places[i]], updates[i])` for each slice in order. A slice whose place is
/// outside is left out.
#[inline(always)]
pub fn scatter<P, T, Op>(_: Simd, layer: P, x: &[T], places: &[i32], updates: &[T], y: &mut [T])
where
    P: Param<Scatter<Op>>,
    T: Element,
    Op: BinaryOp<T, Output = T>,
{
    debug_assert_eq!(x.len(), y.len());
    copy_row(x, y);
    plain(layer.get(), (places, updates, y))
}

/// [`scatter`] into `y` itself.
#[inline(always)]
pub fn scatter_in_place<P, T, Op>(_: Simd, layer: P, places: &[i32], updates: &[T], y: &mut [T])
where
    P: Param<Scatter<Op>>,
    T: Element,
    Op: BinaryOp<T, Output = T>,
{
    plain(layer.get(), (places, updates, y))
}
