//! The exponential, and the activations made of it.

use super::declare::functions;
use super::log::log;
use crate::arch::Arch;

/// Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
const SHIFT: f32 = 12_582_912.0;
/// ln 2, split so that a small integer times the first part is exact.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// `x = n ln 2 + r` with `|r| <= ln 2 / 2`, as `(n, r, (exp(r) - 1 - r) / r^2)`.
#[inline(always)]
fn reduce<A: Arch>(x: f32) -> (i32, f32, f32) {
    let shifted = A::fma(x, core::f32::consts::LOG2_E, SHIFT);
    let n = shifted - SHIFT;
    let r = A::fma(n, -LN2_LOW, A::fma(n, -LN2_HIGH, x));
    let mut p = 1.987_569_2e-4;
    p = A::fma(p, r, 1.398_199_9e-3);
    p = A::fma(p, r, 8.333_452e-3);
    p = A::fma(p, r, 4.166_579_6e-2);
    p = A::fma(p, r, 1.666_666_5e-1);
    p = A::fma(p, r, 0.5);
    (shifted.to_bits().wrapping_sub(SHIFT.to_bits()) as i32, r, p)
}

/// 2^n for a normal result: `-126 <= n <= 127`.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// `e^x`, with subnormal results, infinity and NaN as they should be.
#[inline(always)]
pub(crate) fn exp<A: Arch>(x: f32) -> f32 {
    let x = if x < -104.0 { -104.0 } else { x };
    let x = if x > 89.0 { 89.0 } else { x };
    let (n, r, p) = reduce::<A>(x);
    let value = A::fma(p, r * r, r) + 1.0;
    // 2^n may lie outside the normal numbers: multiply by two halves of it.
    let half = n >> 1;
    value * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// `e^x - 1` for `x <= 80`, accurate near zero.
#[inline(always)]
fn exp_minus_one<A: Arch>(x: f32) -> f32 {
    let x = if x < -30.0 { -30.0 } else { x };
    let x = if x > 80.0 { 80.0 } else { x };
    let (n, r, p) = reduce::<A>(x);
    let scale = power_of_two(n);
    A::fma(A::fma(p, r * r, r), scale, scale - 1.0)
}

#[inline(always)]
fn tanh<A: Arch>(x: f32) -> f32 {
    let size = x.abs();
    let size = if size > 20.0 { 20.0 } else { size };
    let e = exp_minus_one::<A>(2.0 * size);
    (e / (e + 2.0)).copysign(x)
}

#[inline(always)]
pub(super) fn sigmoid<A: Arch>(x: f32) -> f32 {
    let e = exp::<A>(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

#[inline(always)]
fn sigmoid64(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// `log(1 + e^x)`, from `log(1 + u)` with the rounding of `1 + u` made good.
#[inline(always)]
fn softplus<A: Arch>(x: f32) -> f32 {
    let u = exp::<A>(-x.abs());
    let w = 1.0 + u;
    let positive = if x < 0.0 { 0.0 } else { x };
    positive + (log::<A>(w) + (u - (w - 1.0)) / w)
}

#[inline(always)]
fn softplus64(x: f64) -> f64 {
    let positive = if x < 0.0 { 0.0 } else { x };
    positive + libm::log1p(libm::exp(-x.abs()))
}

/// `x * tanh(softplus(x))`, where the hyperbolic tangent of the logarithm is a rational function of `e^x`.
#[inline(always)]
fn mish<A: Arch>(x: f32) -> f32 {
    let e = exp::<A>(if x > 20.0 { 20.0 } else { x });
    let numerator = e * (e + 2.0);
    x * (numerator / (numerator + 2.0))
}

functions! {
    /// `e^x`.
    Exp |x| exp::<A>(x), libm::exp(x);

    /// `1 / (1 + e^-x)`.
    Sigmoid |x| sigmoid::<A>(x), sigmoid64(x);

    /// `x * Sigmoid(x)`.
    Silu |x| x * sigmoid::<A>(x), x * sigmoid64(x);

    /// `x * Sigmoid(alpha * x)`.
    Swish {
        /// Factor inside the sigmoid.
        alpha,
    } |x| x * sigmoid::<A>(alpha * x), x * sigmoid64(alpha * x);

    /// `x * tanh(Softplus(x))`.
    Mish |x| mish::<A>(x), x * libm::tanh(softplus64(x));

    /// Hyperbolic tangent.
    Tanh |x| tanh::<A>(x), libm::tanh(x);

    /// `alpha * tanh(beta * x)`.
    ScaledTanh {
        /// Limit for large numbers.
        alpha,
        /// Factor inside the tangent.
        beta,
    } |x| alpha * tanh::<A>(beta * x), alpha * libm::tanh(beta * x);

    /// `log(1 + e^x)`.
    Softplus |x| softplus::<A>(x), softplus64(x);

    /// `x` where positive, else `alpha * (e^x - 1)`.
    Elu {
        /// Minus the limit for large negative numbers.
        alpha,
    } |x| {
        let negative = alpha * exp_minus_one::<A>(x);
        if x < 0.0 { negative } else { x }
    }, if x < 0.0 { alpha * libm::expm1(x) } else { x };

    /// `gamma * Elu(x)`.
    Selu {
        /// Minus the limit for large negative numbers, before scaling.
        alpha,
        /// Scale.
        gamma,
    } |x| {
        let negative = alpha * exp_minus_one::<A>(x);
        gamma * if x < 0.0 { negative } else { x }
    }, gamma * if x < 0.0 { alpha * libm::expm1(x) } else { x };

    /// `x` where positive, else `alpha * (e^(x / alpha) - 1)`.
    Celu {
        /// Minus the limit for large negative numbers.
        alpha,
    } |x| {
        let negative = alpha * exp_minus_one::<A>(x / alpha);
        if x < 0.0 { negative } else { x }
    }, if x < 0.0 { alpha * libm::expm1(x / alpha) } else { x };
}
