use super::body::{Body, plain};
use super::walk::copy_row;
use crate::arch::Arch;
use crate::{Element, Param, Simd};

/// All elements as they are: ONNX `Identity`, `Reshape` and the like where storage cannot be shared.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Duplicate;

impl<'a, T: Element> Body<(&'a [T], &'a mut [T])> for Duplicate {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [T], &'a mut [T])) {
        copy_row(x, y);
    }
}

/// `y[i] = x[i]`.
#[inline(always)]
pub fn duplicate<P: Param<Duplicate>, T: Element>(_: Simd, layer: P, x: &[T], y: &mut [T]) {
    debug_assert_eq!(x.len(), y.len());
    plain(layer.get(), (x, y))
}
