use crate::ir::{Inputs, OpError, Operator, TensorType, op_error};
use crate::lower::Lowering;

/// The same elements with another shape: never a copy.
#[derive(Clone, Debug, PartialEq)]
pub struct Reshape {
    /// The new shape.
    pub shape: Vec<usize>,
}

impl Operator for Reshape {
    fn name(&self) -> &'static str {
        "Reshape"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        let y = x.with_shape(self.shape.clone());
        if x.len() != y.len() {
            return Err(op_error(format!("{x} has {} elements, {y} would have {}", x.len(), y.len())));
        }
        Ok(vec![y])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let x = cx.input(0);
        cx.alias(0, x);
        Ok(())
    }
}
