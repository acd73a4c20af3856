use crate::bindings::CastCall;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType};
use crate::ir::{Gradient, Lowering};

/// Converts elements to another type.
#[derive(Clone, Debug, PartialEq)]
pub struct Cast {
    /// The type.
    pub to: DType,
}

impl Operator for Cast {
    fn name(&self) -> &'static str {
        "Cast"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        Ok(vec![tensor_type(self.to, inputs.ty(0)?.shape.clone())?])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let from = cx.ty(0).dtype;
        let x = cx.input(0);
        if from == self.to {
            cx.alias(0, x);
            return Ok(());
        }
        let y = cx.output(0);
        cx.call(CastCall { from, to: self.to }, &[x], &[y]);
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

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (to, g) = (cx.ty(cx.input(0)?).dtype, cx.of_output()?);
        if to.is_float() && self.to.is_float() {
            let gradient = cx.add(Self { to }, &[g])?;
            cx.give(0, gradient)?;
        }
        Ok(())
    }
}
