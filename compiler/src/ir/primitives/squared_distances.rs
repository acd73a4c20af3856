use crate::bindings::Typed;
use crate::ir::Lowering;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels;

/// Squared distances of the rows of input 0, `[m, k]`, and those of input 1, `[n, k]`, as `[m, n]`.
#[derive(Clone, Debug, PartialEq)]
pub struct SquaredDistances;

impl Operator for SquaredDistances {
    fn name(&self) -> &'static str {
        "SquaredDistances"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, points) = (inputs.ty(0)?, inputs.ty(1)?);
        let ([m, k], [n, features]) = (&x.shape[..], &points.shape[..]) else {
            return Err(op_error(format!("{x} and {points} are not rows of features")));
        };
        if *k == 0 {
            return Err(op_error("the points have no coordinates"));
        }
        if k != features || !matches!(inputs.same_dtype()?, DType::F32 | DType::F64) {
            return Err(op_error(format!("there are no distances of {x} and {points}")));
        }
        Ok(vec![tensor_type(x.dtype, vec![*m, *n])?])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        outputs[0].len() as u64 * inputs[0].map_or(0, |x| x.shape[1]) as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (ty, points) = (cx.ty(0), cx.ty(1));
        let kernel = kernels::SquaredDistances {
            points: points.shape[0],
            features: ty.shape[1],
        };
        let call = Typed {
            kernel,
            dtype: ty.dtype,
        };
        let (x, points, y) = (cx.input(0), cx.input_as(1, "points"), cx.output(0));
        cx.call(call, &[x, points], &[y]);
        Ok(())
    }
}
