use crate::bindings::Typed;
use crate::ir::Lowering;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels;

/// How often known sequences of tokens occur in each row of input 0. Inputs 1 to 3 are the tables of the kernel of the
/// same name.
#[derive(Clone, Debug, PartialEq)]
pub struct TfIdf {
    /// Counts of a row.
    pub outputs: usize,
    /// Tokens of the shortest sequences.
    pub shortest: usize,
    /// The greatest number of tokens left out between two of a sequence.
    pub skips: usize,
}

impl Operator for TfIdf {
    fn name(&self) -> &'static str {
        "TfIdf"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        let tables = [inputs.ty(1)?.dtype, inputs.ty(2)?.dtype, inputs.ty(3)?.dtype];
        let [rows, _] = x.shape[..] else {
            return Err(op_error(format!("{x} is not rows of tokens")));
        };
        if !matches!(x.dtype, DType::I32 | DType::I64) || tables != [DType::I64, DType::I32, DType::I32] {
            return Err(op_error(format!("tokens are {}, they must be i32 or i64", x.dtype)));
        }
        Ok(vec![tensor_type(DType::F32, vec![rows, self.outputs])?])
    }

    fn work(&self, inputs: &[Option<&TensorType>], _: &[&TensorType]) -> u64 {
        let len = |i: usize| inputs[i].map_or(0, |ty| ty.len() as u64);
        let steps = (self.skips as u64).saturating_add(1);
        len(0).saturating_mul(steps).saturating_mul(len(2)).saturating_mul(16)
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let kernel = kernels::TfIdf {
            columns: ty.shape[1],
            outputs: self.outputs,
            shortest: self.shortest,
            skips: self.skips,
        };
        let call = Typed {
            kernel,
            dtype: ty.dtype,
        };
        let operands = [cx.input(0), cx.input(1), cx.input(2), cx.input(3)];
        let y = cx.output(0);
        cx.call(call, &operands, &[y]);
        Ok(())
    }
}
