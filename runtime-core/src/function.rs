//! Functions of one `f32`: activations fused into a producer, and the elementwise operators made of them.

use crate::arch::Arch;

/// A function of one number, with its constants as fields. Generic users compile to exactly the function they name.
pub trait Function: Copy {
    /// The function's value at `x`.
    fn eval<A: Arch>(self, x: f32) -> f32;
}

/// `x`: no activation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Identity;

impl Function for Identity {
    #[inline(always)]
    fn eval<A: Arch>(self, x: f32) -> f32 {
        x
    }
}

/// `max(x, 0)`; NaN stays NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Relu;

impl Function for Relu {
    #[inline(always)]
    fn eval<A: Arch>(self, x: f32) -> f32 {
        if x < 0.0 { 0.0 } else { x }
    }
}

/// `min(max(x, min), max)`; NaN stays NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Clip {
    /// Least result.
    pub min: f32,
    /// Greatest result.
    pub max: f32,
}

impl Function for Clip {
    #[inline(always)]
    fn eval<A: Arch>(self, x: f32) -> f32 {
        let x = if x < self.min { self.min } else { x };
        if x > self.max { self.max } else { x }
    }
}
