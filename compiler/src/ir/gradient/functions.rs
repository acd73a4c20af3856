//! Derivatives of the functions of one number.

use super::Gradient;
use crate::ir::primitives::BinaryOp::{Add, Div, Mul, Sub};
use crate::ir::{OpError, ValueId, op_error};
use runtime_core::function::{
    Abs, AnyFunction, Cos, Cosh, Erf, Exp, Neg, Reciprocal, Sigmoid, Sign, Sin, Sinh, Softplus, Sqrt, Square, Tanh,
};
use std::f64::consts::{FRAC_2_SQRT_PI, SQRT_2};

/// The gradient of `x` from `g`, that of `y = function(x)`; `None` where it is zero nearly everywhere. At a corner,
/// such as that of Relu at zero, it is the slope on the left.
pub(in crate::ir) fn of_function(
    cx: &mut Gradient<'_>,
    function: AnyFunction,
    [x, y, g]: [ValueId; 3],
) -> Result<Option<ValueId>, OpError> {
    use AnyFunction as F;
    let slope = match function {
        F::Identity(_) => return Ok(Some(g)),
        F::Floor(_) | F::Ceil(_) | F::Round(_) | F::Sign(_) => return Ok(None),
        F::Neg(_) => return cx.map(Neg, g).map(Some),
        // As Relu gives no negative numbers, its sign is one where it rises.
        F::Relu(_) => cx.map(Sign, y)?,
        F::Abs(_) => cx.map(Sign, x)?,
        F::Square(_) => cx.with_number(Mul, x, 2.0)?,
        F::Exp(_) => y,
        F::Log(_) => return cx.binary(Div, g, x).map(Some),
        F::Sqrt(_) => {
            let twice = cx.with_number(Mul, y, 2.0)?;
            return cx.binary(Div, g, twice).map(Some);
        }
        F::Reciprocal(_) => {
            let square = cx.map(Square, y)?;
            cx.map(Neg, square)?
        }
        F::Sigmoid(_) => falling(cx, y)?,
        F::Tanh(_) => {
            let square = cx.map(Square, y)?;
            cx.affine(square, -1.0, 1.0)?
        }
        F::Softplus(_) => cx.map(Sigmoid, x)?,
        F::Erf(_) => {
            let bell = bell(cx, x, 1.0)?;
            cx.with_number(Mul, bell, FRAC_2_SQRT_PI)?
        }
        F::Sin(_) => cx.map(Cos, x)?,
        F::Cos(_) => {
            let sine = cx.map(Sin, x)?;
            cx.map(Neg, sine)?
        }
        F::Sinh(_) => cx.map(Cosh, x)?,
        F::Cosh(_) => cx.map(Sinh, x)?,
        F::Tan(_) => {
            let square = cx.map(Square, y)?;
            cx.with_number(Add, square, 1.0)?
        }
        F::Asin(_) => one_over_root(cx, x, -1.0, 1.0)?,
        F::Acos(_) => {
            let slope = one_over_root(cx, x, -1.0, 1.0)?;
            cx.map(Neg, slope)?
        }
        F::Asinh(_) => one_over_root(cx, x, 1.0, 1.0)?,
        F::Acosh(_) => one_over_root(cx, x, 1.0, -1.0)?,
        F::Atan(_) => one_over(cx, x, 1.0, 1.0)?,
        F::Atanh(_) => one_over(cx, x, -1.0, 1.0)?,
        _ => bent(cx, function, x, y)?,
    };
    cx.product(g, slope).map(Some)
}

/// Slopes of activations that are made of several pieces or functions.
fn bent(cx: &mut Gradient<'_>, function: AnyFunction, x: ValueId, y: ValueId) -> Result<ValueId, OpError> {
    use AnyFunction as F;
    let dtype = cx.ty(x).dtype;
    let (zero, one) = (cx.number(dtype, 0.0), cx.number(dtype, 1.0));
    match function {
        F::LeakyRelu(f) => {
            let below = cx.number(dtype, f.alpha.into());
            cx.above(x, 0.0, one, below)
        }
        // alpha * exp(x) below zero, which is y + alpha.
        F::Elu(f) => {
            let below = cx.with_number(Add, y, f.alpha.into())?;
            cx.above(x, 0.0, one, below)
        }
        F::Selu(f) => {
            let above = cx.number(dtype, f.gamma.into());
            let below = cx.with_number(Add, y, f64::from(f.gamma) * f64::from(f.alpha))?;
            cx.above(x, 0.0, above, below)
        }
        F::Celu(f) => {
            let below = cx.affine(y, 1.0 / f64::from(f.alpha), 1.0)?;
            cx.above(x, 0.0, one, below)
        }
        F::ThresholdedRelu(f) => cx.above(x, f.alpha.into(), one, zero),
        F::Clip(f) => between(cx, y, [f.min.into(), f.max.into()], one),
        F::HardSigmoid(f) => {
            let slope = cx.number(dtype, f.alpha.into());
            between(cx, y, [0.0, 1.0], slope)
        }
        F::HardSwish(_) => {
            let rising = cx.affine(x, 1.0 / 3.0, 0.5)?;
            let inside = cx.above(x, -3.0, rising, zero)?;
            cx.above(x, 3.0, one, inside)
        }
        // s + y * (1 - s)
        F::Silu(_) => {
            let s = cx.map(Sigmoid, x)?;
            risen(cx, s, y, 1.0)
        }
        // s + alpha * y * (1 - s)
        F::Swish(f) => {
            let scaled = cx.with_number(Mul, x, f.alpha.into())?;
            let s = cx.map(Sigmoid, scaled)?;
            risen(cx, s, y, f.alpha.into())
        }
        F::Softsign(_) => {
            let size = cx.map(Abs, x)?;
            let root = cx.with_number(Add, size, 1.0)?;
            let square = cx.map(Square, root)?;
            cx.map(Reciprocal, square)
        }
        // t + x * sigmoid(x) * (1 - t^2) with t = tanh(softplus(x))
        F::Mish(_) => {
            let (soft, s) = (cx.map(Softplus, x)?, cx.map(Sigmoid, x)?);
            let t = cx.map(Tanh, soft)?;
            let square = cx.map(Square, t)?;
            let slope = cx.affine(square, -1.0, 1.0)?;
            let inner = cx.product(x, s)?;
            let second = cx.product(inner, slope)?;
            cx.binary(Add, t, second)
        }
        // (1 + erf(x / sqrt 2)) / 2 + x * exp(-x^2 / 2) / sqrt(2 pi)
        F::Gelu(_) => {
            let scaled = cx.with_number(Mul, x, 1.0 / SQRT_2)?;
            let erf = cx.map(Erf, scaled)?;
            let first = cx.affine(erf, 0.5, 0.5)?;
            let bell = bell(cx, x, 0.5)?;
            let weighed = cx.with_number(Mul, bell, FRAC_2_SQRT_PI / (2.0 * SQRT_2))?;
            let second = cx.product(x, weighed)?;
            cx.binary(Add, first, second)
        }
        // (1 + t) / 2 + x / 2 * (1 - t^2) * c * (1 + 3 * 0.044715 * x^2)
        F::GeluTanh(_) => gelu_tanh(cx, x),
        _ => Err(op_error(format!("the derivative of {function:?} is not known"))),
    }
}

fn gelu_tanh(cx: &mut Gradient<'_>, x: ValueId) -> Result<ValueId, OpError> {
    const CUBIC: f64 = 0.044_715;
    let c = FRAC_2_SQRT_PI / SQRT_2;
    let x2 = cx.map(Square, x)?;
    let inner = cx.affine(x2, c * CUBIC, c)?;
    let inner = cx.product(x, inner)?;
    let t = cx.map(Tanh, inner)?;
    let first = cx.affine(t, 0.5, 0.5)?;
    let square = cx.map(Square, t)?;
    let slope = cx.affine(square, -0.5, 0.5)?;
    let inner_slope = cx.affine(x2, 3.0 * c * CUBIC, c)?;
    let second = cx.product(slope, inner_slope)?;
    let second = cx.product(x, second)?;
    cx.binary(Add, first, second)
}

/// `slope` where `y` is between the bounds, zero at them and beyond.
fn between(cx: &mut Gradient<'_>, y: ValueId, [min, max]: [f64; 2], slope: ValueId) -> Result<ValueId, OpError> {
    let dtype = cx.ty(y).dtype;
    let zero = cx.number(dtype, 0.0);
    let falls = cx.map(Neg, y)?;
    let below = cx.above(falls, -max, slope, zero)?;
    cx.above(y, min, below, zero)
}

/// `s + factor * y * (1 - s)`
fn risen(cx: &mut Gradient<'_>, s: ValueId, y: ValueId, factor: f64) -> Result<ValueId, OpError> {
    let rest = cx.affine(s, -factor, factor)?;
    let second = cx.product(y, rest)?;
    cx.binary(Add, s, second)
}

/// `y * (1 - y)`
fn falling(cx: &mut Gradient<'_>, y: ValueId) -> Result<ValueId, OpError> {
    let square = cx.map(Square, y)?;
    cx.binary(Sub, y, square)
}

/// `exp(-factor * x^2)`
fn bell(cx: &mut Gradient<'_>, x: ValueId, factor: f64) -> Result<ValueId, OpError> {
    let square = cx.map(Square, x)?;
    let exponent = cx.with_number(Mul, square, -factor)?;
    cx.map(Exp, exponent)
}

/// `1 / (scale * x^2 + shift)`
fn one_over(cx: &mut Gradient<'_>, x: ValueId, scale: f64, shift: f64) -> Result<ValueId, OpError> {
    let square = cx.map(Square, x)?;
    let sum = cx.affine(square, scale, shift)?;
    cx.map(Reciprocal, sum)
}

/// `1 / sqrt(scale * x^2 + shift)`
fn one_over_root(cx: &mut Gradient<'_>, x: ValueId, scale: f64, shift: f64) -> Result<ValueId, OpError> {
    let square = cx.map(Square, x)?;
    let sum = cx.affine(square, scale, shift)?;
    let root = cx.map(Sqrt, sum)?;
    cx.map(Reciprocal, root)
}
