use super::body::{Body, plain};
use crate::arch::Arch;
use crate::{Element, Param, Simd};

/// One value everywhere: ONNX `Expand` and `ConstantOfShape` of a single element.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Fill;

impl<'a, T: Element> Body<(&'a [T], &'a mut [T])> for Fill {
    #[inline(always)]
    fn body<A: Arch>(self, (value, y): (&'a [T], &'a mut [T])) {
        if let Some(value) = value.first() {
            y.fill(*value);
        }
    }
}

/// `y[i] = value[0]`.
#[inline(always)]
pub fn fill<P: Param<Fill>, T: Element>(_: Simd, layer: P, value: &[T], y: &mut [T]) {
    plain(layer.get(), (value, y))
}
