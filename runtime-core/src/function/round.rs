//! Rounding to integers, without branches and without the slow path of a soft-float library.

use super::declare::functions;

/// From here on every `f32` is an integer.
const INTEGERS: f32 = 8_388_608.0;

functions! {
    /// The nearest integer, halves to even.
    Round |x| half_even(x), libm::rint(x);

    /// The greatest integer not above `x`.
    Floor |x| floor(x), libm::floor(x);

    /// The least integer not below `x`.
    Ceil |x| -floor(-x), libm::ceil(x);
}

#[inline(always)]
fn half_even(x: f32) -> f32 {
    let size = x.abs();
    // Adding 2^23 leaves no bits for a fraction, so the sum is rounded half to even.
    let rounded = (size + INTEGERS) - INTEGERS;
    (if size < INTEGERS { rounded } else { size }).copysign(x)
}

#[inline(always)]
fn floor(x: f32) -> f32 {
    let nearest = half_even(x);
    (if nearest > x { nearest - 1.0 } else { nearest }).copysign(x)
}
