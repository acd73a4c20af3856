//! What the operators of support vector machines have in common.

use super::compose::{binary, map, with_number};
use super::scores::linear;
use crate::front::node::NodeContext;
use crate::ir::primitives::{BinaryOp, SquaredDistances};
use crate::ir::{OpError, Tensor, ValueId, op_error};
use runtime_core::function::{Exp, Tanh};

/// How a row is compared with a support vector.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Linear,
    Polynomial,
    Radial,
    Sigmoid,
}

/// A kernel with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::front) struct Kernel {
    kind: Kind,
    gamma: f32,
    coef0: f32,
    degree: f32,
}

impl Kernel {
    /// Reads `kernel_type` and `kernel_params`.
    pub(in crate::front) fn read(cx: &mut NodeContext<'_>) -> Result<Self, OpError> {
        let kinds = [
            ("LINEAR", Kind::Linear),
            ("POLY", Kind::Polynomial),
            ("RBF", Kind::Radial),
            ("SIGMOID", Kind::Sigmoid),
        ];
        let kind = cx.attributes.choice("kernel_type", &kinds)?;
        let (gamma, coef0, degree) = match cx.attributes.floats("kernel_params")?.unwrap_or_default()[..] {
            [] => (0.0, 0.0, 0.0),
            [gamma, coef0, degree] => (gamma, coef0, degree),
            ref other => {
                return Err(
                    op_error(format!("attribute `kernel_params` has {} numbers", other.len()))
                        .help("it must have three: gamma, coef0, degree"),
                );
            }
        };
        Ok(Self {
            kind,
            gamma,
            coef0,
            degree,
        })
    }

    /// Each row of `x` compared with each of the `count` support vectors, as `[rows, count]`.
    pub(in crate::front) fn of_vectors(
        self,
        cx: &mut NodeContext<'_>,
        x: ValueId,
        vectors: &[f32],
        count: usize,
    ) -> Result<ValueId, OpError> {
        let features = cx.value_ty(x).shape[1];
        if count.checked_mul(features) != Some(vectors.len()) || features == 0 {
            return Err(op_error(format!(
                "{count} support vectors of {features} features are {} numbers",
                vectors.len()
            )));
        }
        if self.kind == Kind::Radial {
            let vectors = cx.add_constant(Tensor::f32(&[count, features], vectors));
            let distances = cx.add(SquaredDistances, &[x, vectors])?;
            let exponents = with_number(cx, BinaryOp::Mul, distances, (-self.gamma).into())?;
            return map(cx, Exp, exponents);
        }
        let products = linear(cx, x, vectors, &vec![0.0; count])?;
        if self.kind == Kind::Linear {
            return Ok(products);
        }
        let scaled = with_number(cx, BinaryOp::Mul, products, self.gamma.into())?;
        let y = with_number(cx, BinaryOp::Add, scaled, self.coef0.into())?;
        match (self.kind, self.degree) {
            (Kind::Sigmoid, _) => map(cx, Tanh, y),
            (_, 2.0) => binary(cx, BinaryOp::Mul, y, y),
            (_, 3.0) => {
                let square = binary(cx, BinaryOp::Mul, y, y)?;
                binary(cx, BinaryOp::Mul, square, y)
            }
            (_, degree) => with_number(cx, BinaryOp::Pow, y, degree.into()),
        }
    }
}
