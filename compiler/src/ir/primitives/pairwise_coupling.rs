use crate::ir::Lowering;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels;

/// Probabilities of classes, `[rows, classes]`, from those of each against each other: input 0 has a column for class
/// `i` against each later class `j`, for each `i` in order.
#[derive(Clone, Debug, PartialEq)]
pub struct PairwiseCoupling {
    /// Number of classes.
    pub classes: usize,
}

impl Operator for PairwiseCoupling {
    fn name(&self) -> &'static str {
        "PairwiseCoupling"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        let pairs = self.classes.saturating_mul(self.classes.saturating_sub(1)) / 2;
        match x.shape[..] {
            [rows, columns] if columns == pairs && x.dtype == DType::F32 => {
                Ok(vec![tensor_type(x.dtype, vec![rows, self.classes])?])
            }
            _ => Err(op_error(format!("{x} is not the pairs of {} classes", self.classes))),
        }
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let classes = self.classes;
        let scratch = cx.temporary("form", DType::F32, classes * classes + classes);
        let (x, y) = (cx.input(0), cx.output(0));
        cx.call(kernels::PairwiseCoupling { classes }, &[x], &[y, scratch]);
        Ok(())
    }
}
