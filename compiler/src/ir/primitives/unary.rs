use crate::bindings::{UnaryCall, UnaryOp};
use crate::ir::Lowering;
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, op_error};

/// One function of each element of the types that [`Map`](super::Map) does not take, integers and booleans, or a test
/// of each float.
#[derive(Clone, Debug, PartialEq)]
pub struct Unary {
    /// The function.
    pub op: UnaryOp,
}

impl Operator for Unary {
    fn name(&self) -> &'static str {
        self.op.kernel_name()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        let fits = match self.op {
            UnaryOp::Not => !x.dtype.is_float(),
            UnaryOp::Neg | UnaryOp::Abs | UnaryOp::Sign => x.dtype.is_integer(),
            UnaryOp::IsNan | UnaryOp::IsInf { .. } => x.dtype.is_float(),
        };
        if !fits {
            return Err(op_error(format!(
                "element type {} is not supported by {}",
                x.dtype,
                self.name()
            )));
        }
        let dtype = if self.op.is_predicate() { DType::Bool } else { x.dtype };
        Ok(vec![TensorType::new(dtype, x.shape.clone())])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let call = UnaryCall {
            op: self.op,
            dtype: cx.ty(0).dtype,
        };
        let (x, y) = (cx.input(0), cx.output(0));
        cx.call(call, &[x], &[y]);
        Ok(())
    }

    fn permute(&self, _: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        Some(Permuted {
            operator: Box::new(self.clone()),
            transposed: vec![true],
        })
    }

    fn is_elementwise(&self) -> bool {
        true
    }
}
