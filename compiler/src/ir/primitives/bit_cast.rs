use crate::bindings::Sized;
use crate::ir::Lowering;
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, op_error};
use runtime_core::kernels;

/// The same bits as elements of another type of the same size.
#[derive(Clone, Debug, PartialEq)]
pub struct BitCast {
    /// The type.
    pub to: DType,
}

impl Operator for BitCast {
    fn name(&self) -> &'static str {
        "BitCast"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if x.dtype.size() != self.to.size() {
            let message = format!("elements of {x} and of {} differ in size", self.to);
            return Err(op_error(message));
        }
        Ok(vec![TensorType::new(self.to, x.shape.clone())])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let call = Sized {
            kernel: kernels::BitCast,
            size: self.to.size(),
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
