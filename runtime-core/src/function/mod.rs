//! Functions of one number: activations fused into a producer, and the elementwise operators made of them.
//!
//! The `f32` forms of the common functions are free of branches, so that loops over them vectorise, and accurate to
//! about two units in the last place. Rare functions, and everything in `f64`, come from `libm`.

mod any;
mod declare;
mod erf;
mod exp;
mod log;
mod rectify;
mod round;
mod trigonometry;

pub use any::{AnyFunction, AnyGateFunction};
pub use erf::{Erf, Gelu, GeluTanh};
pub use exp::{Celu, Elu, Exp, Mish, ScaledTanh, Selu, Sigmoid, Silu, Softplus, Swish, Tanh};
pub use log::Log;
pub use rectify::{
    Abs, Affine, Clip, HardSigmoid, HardSwish, Identity, LeakyRelu, Neg, Reciprocal, Relu, Shrink, Sign, Softsign,
    Sqrt, Square, ThresholdedRelu,
};
pub use round::{Ceil, Floor, Round};
pub use trigonometry::{Acos, Acosh, Asin, Asinh, Atan, Atanh, Cos, Cosh, Sin, Sinh, Tan};

pub(crate) use exp::exp;
pub(crate) use log::log;

use crate::arch::Arch;
use crate::{Float, bf16, f16};

/// A function of one number, with its constants as fields. Generic users compile to exactly the function they name.
pub trait Function: Copy {
    /// The function's value at `x`.
    fn eval<A: Arch>(self, x: f32) -> f32;

    /// The function's value at `x`, in double precision.
    fn eval64(self, x: f64) -> f64;

    /// The least and the greatest value, of a function that leaves all other numbers and NaN as they are.
    #[inline(always)]
    fn bounds(self) -> Option<[f32; 2]> {
        None
    }

    /// `y[i] = eval(x[i])`.
    #[inline(always)]
    fn eval_all<A: Arch>(self, x: &[f32], y: &mut [f32]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = self.eval::<A>(*x);
        }
    }

    /// `y[i] = eval(y[i])`.
    #[inline(always)]
    fn eval_in_place<A: Arch>(self, y: &mut [f32]) {
        for y in y {
            *y = self.eval::<A>(*y);
        }
    }
}

/// A floating-point element that [`Function`]s apply to.
pub trait Apply: Float {
    /// The value of `function` at this number.
    fn apply<A: Arch, F: Function>(self, function: F) -> Self;

    /// `y[i] = function(y[i])`.
    #[inline(always)]
    fn apply_all<A: Arch, F: Function>(y: &mut [Self], function: F) {
        for y in y {
            *y = y.apply::<A, F>(function);
        }
    }

    /// `a * b + c`, rounded once or twice.
    #[inline(always)]
    fn fma<A: Arch>(a: Self, b: Self, c: Self) -> Self {
        a.mul(b).add(c)
    }
}

impl Apply for f32 {
    #[inline(always)]
    fn apply<A: Arch, F: Function>(self, function: F) -> Self {
        function.eval::<A>(self)
    }

    #[inline(always)]
    fn apply_all<A: Arch, F: Function>(y: &mut [Self], function: F) {
        function.eval_in_place::<A>(y)
    }

    #[inline(always)]
    fn fma<A: Arch>(a: Self, b: Self, c: Self) -> Self {
        A::fma(a, b, c)
    }
}

impl Apply for f64 {
    #[inline(always)]
    fn apply<A: Arch, F: Function>(self, function: F) -> Self {
        function.eval64(self)
    }
}

impl Apply for f16 {
    #[inline(always)]
    fn apply<A: Arch, F: Function>(self, function: F) -> Self {
        Self::from_f32(function.eval::<A>(self.to_f32()))
    }
}

impl Apply for bf16 {
    #[inline(always)]
    fn apply<A: Arch, F: Function>(self, function: F) -> Self {
        Self::from_f32(function.eval::<A>(self.to_f32()))
    }
}
