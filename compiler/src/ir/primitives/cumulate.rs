use super::ReduceOp;
use crate::bindings::CumulateCall;
use crate::ir::Lowering;
use crate::ir::geometry::{around, moved};
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, op_error};
use crate::ir::{OverTime, Time};

/// Each element combined with all before it along an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Cumulate {
    /// [`ReduceOp::Sum`] or [`ReduceOp::Prod`].
    pub op: ReduceOp,
    /// The axis.
    pub axis: usize,
    /// Whether an element is combined with those before it only.
    pub exclusive: bool,
    /// Whether to go from the last element to the first.
    pub reverse: bool,
}

impl Operator for Cumulate {
    fn name(&self) -> &'static str {
        if self.op == ReduceOp::Prod { "CumProd" } else { "CumSum" }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        x.axis(self.axis as i64)?;
        let types = [DType::F32, DType::F64, DType::I32, DType::I64, DType::U32, DType::U64];
        if !types.contains(&x.dtype) || !matches!(self.op, ReduceOp::Sum | ReduceOp::Prod) {
            let message = format!("element type {} is not supported by {}", x.dtype, self.name());
            return Err(op_error(message));
        }
        Ok(vec![x.clone()])
    }

    fn work(&self, _: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        outputs[0].len() as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let (outer, inner) = around(&ty.shape, self.axis);
        let call = CumulateCall {
            outer,
            axis: ty.shape[self.axis],
            inner,
            exclusive: self.exclusive,
            reverse: self.reverse,
            op: self.op,
            dtype: ty.dtype,
        };
        let (x, y) = (cx.input(0), cx.output(0));
        cx.call(call, &[x], &[y]);
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let operator = Self {
            axis: moved(self.axis, perm)?,
            ..self.clone()
        };
        Some(Permuted {
            operator: Box::new(operator),
            transposed: vec![true],
        })
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.beside(self, [self.axis])
    }
}
