//! Functions made of comparisons and plain arithmetic.

use super::declare::functions;

functions! {
    /// `x`: no activation.
    Identity |x| x, x, in |_| [f32::NEG_INFINITY, f32::INFINITY];

    /// `alpha * x + beta`.
    Affine {
        /// Slope.
        alpha,
        /// Value at zero.
        beta,
    } |x| A::fma(alpha, x, beta), alpha * x + beta;

    /// `max(x, 0)`; NaN stays NaN.
    Relu |x| if x < 0.0 { 0.0 } else { x }, if x < 0.0 { 0.0 } else { x }, in |_| [0.0, f32::INFINITY];

    /// `min(max(x, min), max)`; NaN stays NaN.
    Clip {
        /// Least result.
        min,
        /// Greatest result.
        max,
    } |x| {
        let x = if x < min { min } else { x };
        if x > max { max } else { x }
    }, {
        let x = if x < min { min } else { x };
        if x > max { max } else { x }
    }, in |clip| [clip.min, clip.max];

    /// `x` where positive, else `alpha * x`.
    LeakyRelu {
        /// Slope for negative numbers.
        alpha,
    } |x| if x < 0.0 { alpha * x } else { x }, if x < 0.0 { alpha * x } else { x };

    /// `x` where greater than `alpha`, else 0, also for NaN.
    ThresholdedRelu {
        /// The threshold.
        alpha,
    } |x| if x > alpha { x } else { 0.0 }, if x > alpha { x } else { 0.0 };

    /// `min(max(alpha * x + beta, 0), 1)`.
    HardSigmoid {
        /// Slope.
        alpha,
        /// Value at zero.
        beta,
    } |x| Clip { min: 0.0, max: 1.0 }.eval::<A>(A::fma(alpha, x, beta)), Clip { min: 0.0, max: 1.0 }.eval64(alpha * x + beta);

    /// `x * HardSigmoid(x)` with slope 1/6 and 0.5 at zero.
    HardSwish
        |x| x * HardSigmoid { alpha: 1.0 / 6.0, beta: 0.5 }.eval::<A>(x),
        x * Clip { min: 0.0, max: 1.0 }.eval64(x / 6.0 + 0.5);

    /// `x + bias` below `-lambd`, `x - bias` above `lambd`, else 0.
    Shrink {
        /// What large numbers shrink by.
        bias,
        /// Bound of what becomes 0.
        lambd,
    } |x| {
        let outer = if x > lambd { x - bias } else { 0.0 };
        if x < -lambd { x + bias } else { outer }
    }, {
        let outer = if x > lambd { x - bias } else { 0.0 };
        if x < -lambd { x + bias } else { outer }
    };

    /// `x / (1 + |x|)`.
    Softsign |x| x / (1.0 + x.abs()), x / (1.0 + x.abs());

    /// `x * x`.
    Square |x| x * x, x * x;

    /// The square root; NaN for negative numbers.
    Sqrt |x| libm::sqrtf(x), libm::sqrt(x);

    /// `1 / x`.
    Reciprocal |x| 1.0 / x, 1.0 / x;

    /// `-x`.
    Neg |x| -x, -x;

    /// The absolute value.
    Abs |x| x.abs(), x.abs();

    /// -1, 0 or 1; NaN stays NaN.
    Sign |x| {
        let positive = if x > 0.0 { 1.0 } else { x };
        if x < 0.0 { -1.0 } else { positive }
    }, {
        let positive = if x > 0.0 { 1.0 } else { x };
        if x < 0.0 { -1.0 } else { positive }
    };
}
