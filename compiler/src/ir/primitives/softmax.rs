use super::BinaryOp;
use crate::bindings::SoftmaxCall;
use crate::ir::geometry::{around, moved};
use crate::ir::{Gradient, Lowering};
use crate::ir::{Inputs, OpError, Operator, Permuted, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::function::Exp;
use runtime_core::kernels;

/// Probabilities from scores along one axis, or their logarithms.
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax {
    /// The axis that sums to one.
    pub axis: usize,
    /// Whether to take the logarithm.
    pub log: bool,
}

impl Operator for Softmax {
    fn name(&self) -> &'static str {
        if self.log { "LogSoftmax" } else { "Softmax" }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if !x.dtype.is_float() {
            return Err(op_error(format!("the element type is {}, it must be a float", x.dtype)));
        }
        x.axis(self.axis as i64)?;
        Ok(vec![x.clone()])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let (outer, inner) = around(&ty.shape, self.axis);
        let softmax = kernels::Softmax {
            outer,
            axis: ty.shape[self.axis],
            inner,
        };
        let (x, y) = (cx.input(0), cx.output(0));
        cx.call(
            SoftmaxCall {
                softmax,
                log: self.log,
                dtype: ty.dtype,
            },
            &[x],
            &[y],
        );
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let operator = Self {
            axis: moved(self.axis, perm)?,
            log: self.log,
        };
        Some(Permuted {
            operator: Box::new(operator),
            transposed: vec![true],
        })
    }

    /// `y * (g - sum(g * y))`, or `g - exp(y) * sum(g)` of the logarithms.
    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (y, g, axes) = (cx.output(0), cx.of_output()?, vec![self.axis]);
        let gradient = if self.log {
            let (sum, y) = (cx.sum(g, axes)?, cx.map(Exp, y)?);
            let share = cx.product(y, sum)?;
            cx.binary(BinaryOp::Sub, g, share)?
        } else {
            let products = cx.product(g, y)?;
            let sum = cx.sum(products, axes)?;
            let difference = cx.binary(BinaryOp::Sub, g, sum)?;
            cx.product(y, difference)?
        };
        cx.give(0, gradient)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.beside(self, [self.axis])
    }
}
