use super::BinaryOp;
use crate::bindings::ScatterCall;
use crate::ir::{CallOptions, Lowering};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};

/// Input 0 with the slices of input 2 put, one after another, at the places (`i32`) that input 1 gives. Slices whose
/// place is outside are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Scatter {
    /// Elements of a slice, which places count.
    pub inner: usize,
    /// What is made of an element that is there and one that is put there, if it does not replace the other.
    pub reduction: Option<BinaryOp>,
}

impl Scatter {
    fn accepts(&self, dtype: DType) -> bool {
        match self.reduction {
            None => true,
            Some(BinaryOp::Add | BinaryOp::Mul | BinaryOp::Max | BinaryOp::Min) => dtype != DType::Bool,
            Some(BinaryOp::And | BinaryOp::Or) => dtype == DType::Bool,
            Some(_) => false,
        }
    }
}

impl Operator for Scatter {
    fn name(&self) -> &'static str {
        "Scatter"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, places, updates) = (inputs.ty(0)?, inputs.ty(1)?, inputs.ty(2)?);
        if x.dtype != updates.dtype {
            return Err(op_error(format!("updates are {updates}, the data is {x}")));
        }
        if !self.accepts(x.dtype) {
            let message = format!("element type {} is not supported by this reduction", x.dtype);
            return Err(op_error(message));
        }
        if places.dtype != DType::I32 || places.len().checked_mul(self.inner) != Some(updates.len()) {
            return Err(op_error(format!(
                "{updates} does not hold {} elements for each of {places}",
                self.inner
            )));
        }
        Ok(vec![x.clone()])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let call = ScatterCall {
            inner: self.inner,
            reduction: self.reduction,
            dtype: cx.ty(0).dtype,
        };
        let (x, places, updates, y) = (cx.input(0), cx.input(1), cx.input(2), cx.output(0));
        cx.call_with(call, &[x, places, updates], &[y], CallOptions { in_place: Some(0) });
        Ok(())
    }
}
