use crate::bindings::Typed;
use crate::ir::Lowering;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels;

/// Determinants of the matrices in the last two dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Det;

impl Operator for Det {
    fn name(&self) -> &'static str {
        "Det"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        let (batch, [rows, columns]) = x.shape.split_last_chunk().unwrap_or((&[], &[0, 1]));
        if rows != columns || !matches!(x.dtype, DType::F32 | DType::F64) {
            return Err(op_error(format!("{x} holds no square matrices of f32 or f64")));
        }
        Ok(vec![tensor_type(x.dtype, batch.to_vec())?])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], _: &[&TensorType]) -> u64 {
        let size = |x: &TensorType| x.len() as u64 * x.shape.last().map_or(0, |n| *n as u64) / 3;
        inputs[0].map_or(0, size)
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let size = ty.shape.last().copied().unwrap_or(0);
        let scratch = cx.temporary("matrix", ty.dtype, size * size);
        let (x, y) = (cx.input(0), cx.output(0));
        let call = Typed {
            kernel: kernels::Det { size },
            dtype: ty.dtype,
        };
        cx.call(call, &[x], &[y, scratch]);
        Ok(())
    }
}
