use super::body::{Body, plain};
use super::chunks::rows_mut;
use super::walk::{Walk, last};
use crate::arch::Arch;
use crate::{Bool, Element, Param, Simd};

/// One of two elements, by a condition, with broadcasting: ONNX `Where`. Strides as in [`Binary`](super::Binary).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "[usize; R]: serde::Serialize")))]
pub struct Select<const R: usize> {
    /// Shape of the output.
    pub dims: [usize; R],
    /// Strides of the condition, in elements.
    pub condition_strides: [usize; R],
    /// Strides of what is taken where the condition holds.
    pub a_strides: [usize; R],
    /// Strides of what is taken elsewhere.
    pub b_strides: [usize; R],
}

impl<'a, T: Element, const R: usize> Body<(&'a [Bool], &'a [T], &'a [T], &'a mut [T])> for Select<R> {
    #[inline(always)]
    fn body<A: Arch>(self, (condition, a, b, y): (&'a [Bool], &'a [T], &'a [T], &'a mut [T])) {
        let width = last(&self.dims, 1);
        if width == 0 {
            return;
        }
        let strides = [self.condition_strides, self.a_strides, self.b_strides];
        let steps = strides.map(|strides| last(&strides, 0));
        let mut rows = Walk::new(self.dims, strides.map(|strides| strides.map(|s| s as isize)), [0; 3]);
        for y in rows_mut(y, width) {
            let [mut at_condition, mut at_a, mut at_b] = rows.next();
            for y in y {
                let (Some(condition), Some(a), Some(b)) = (condition.get(at_condition), a.get(at_a), b.get(at_b))
                else {
                    return;
                };
                *y = if Bool::get(*condition) { *a } else { *b };
                at_condition = at_condition.wrapping_add(steps[0]);
                at_a = at_a.wrapping_add(steps[1]);
                at_b = at_b.wrapping_add(steps[2]);
            }
        }
    }
}

/// `y = if condition { a } else { b }`, broadcast.
#[inline(always)]
pub fn select<P: Param<Select<R>>, T: Element, const R: usize>(
    _: Simd,
    layer: P,
    condition: &[Bool],
    a: &[T],
    b: &[T],
    y: &mut [T],
) {
    plain(layer.get(), (condition, a, b, y))
}
