//! Trigonometric and hyperbolic functions, and their inverses.

use super::declare::functions;

functions! {
    /// Sine of an angle in radians.
    Sin |x| libm::sinf(x), libm::sin(x);

    /// Cosine of an angle in radians.
    Cos |x| libm::cosf(x), libm::cos(x);

    /// Tangent of an angle in radians.
    Tan |x| libm::tanf(x), libm::tan(x);

    /// Inverse sine, in radians.
    Asin |x| libm::asinf(x), libm::asin(x);

    /// Inverse cosine, in radians.
    Acos |x| libm::acosf(x), libm::acos(x);

    /// Inverse tangent, in radians.
    Atan |x| libm::atanf(x), libm::atan(x);

    /// Hyperbolic sine.
    Sinh |x| libm::sinhf(x), libm::sinh(x);

    /// Hyperbolic cosine.
    Cosh |x| libm::coshf(x), libm::cosh(x);

    /// Inverse hyperbolic sine.
    Asinh |x| libm::asinhf(x), libm::asinh(x);

    /// Inverse hyperbolic cosine.
    Acosh |x| libm::acoshf(x), libm::acosh(x);

    /// Inverse hyperbolic tangent.
    Atanh |x| libm::atanhf(x), libm::atanh(x);
}
