//! The error function, and the activations made of it.

use super::declare::functions;
use super::exp::{exp, sigmoid};
use crate::arch::Arch;
use core::f32::consts::FRAC_1_SQRT_2;

/// Where the polynomial around zero hands over to the exponential form.
const MIDDLE: f32 = 0.927_734_4;

/// `1 - erf(t)` for `t` above `MIDDLE`: the exponential of a polynomial.
#[inline(always)]
fn tail<A: Arch>(t: f32) -> f32 {
    let s = t * t;
    let r = A::fma(-1.728_534_7e-5, t, 3.831_972e-4);
    let u = A::fma(-3.883_964_4e-3, t, 2.425_462e-2);
    let r = A::fma(r, s, u);
    let r = A::fma(r, t, -1.067_778_8e-1);
    let r = A::fma(r, t, -6.348_468_7e-1);
    let r = A::fma(r, t, -1.287_175_1e-1);
    exp::<A>(A::fma(r, t, -t))
}

/// `erf(x)` for `x` between minus and plus `MIDDLE`.
#[inline(always)]
fn middle<A: Arch>(x: f32) -> f32 {
    let s = x * x;
    let r = A::fma(-5.967_617e-4, s, 4.991_194_2e-3);
    let r = A::fma(r, s, -2.676_813_5e-2);
    let r = A::fma(r, s, 1.128_199_2e-1);
    let r = A::fma(r, s, -3.761_253_4e-1);
    let r = A::fma(r, s, 1.283_791_7e-1);
    A::fma(r, x, x)
}

#[inline(always)]
fn erf<A: Arch>(x: f32) -> f32 {
    let (near, far) = (middle::<A>(x), (1.0 - tail::<A>(x.abs())).copysign(x));
    if x.abs() > MIDDLE { far } else { near }
}

/// `x` times the normal distribution function, without cancellation for negative numbers.
#[inline(always)]
fn gelu<A: Arch>(x: f32) -> f32 {
    let a = x * FRAC_1_SQRT_2;
    let half_tail = 0.5 * tail::<A>(a.abs());
    let far = if a < 0.0 { half_tail } else { 1.0 - half_tail };
    let near = A::fma(0.5, middle::<A>(a), 0.5);
    x * if a.abs() > MIDDLE { far } else { near }
}

/// `(1 + tanh(u)) / 2` is the sigmoid of `2u`.
#[inline(always)]
fn gelu_tanh<A: Arch>(x: f32) -> f32 {
    const SCALE: f32 = 2.0 * 0.797_884_6;
    x * sigmoid::<A>(SCALE * x * A::fma(0.044_715 * x, x, 1.0))
}

fn gelu_tanh64(x: f64) -> f64 {
    const SCALE: f64 = 0.797_884_560_802_865_4;
    0.5 * x * (1.0 + libm::tanh(SCALE * x * (1.0 + 0.044_715 * x * x)))
}

functions! {
    /// The error function.
    Erf |x| erf::<A>(x), libm::erf(x);

    /// `x * (1 + erf(x / sqrt(2))) / 2`.
    Gelu |x| gelu::<A>(x), 0.5 * x * libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2);

    /// `x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2`.
    GeluTanh |x| gelu_tanh::<A>(x), gelu_tanh64(x);
}
