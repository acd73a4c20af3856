use crate::ir::Lowering;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels;

/// Normalises rows, the last dimension of `x`: inputs `x`, `scale` `[row]`, and unless `rms`, `bias` `[row]`; all
/// `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerNormalization {
    /// Added to the variance or the mean square.
    pub epsilon: f32,
    /// Whether to divide by the root mean square instead of subtracting the mean and dividing by the deviation.
    pub rms: bool,
}

impl Operator for LayerNormalization {
    fn name(&self) -> &'static str {
        if self.rms {
            "RMSNormalization"
        } else {
            "LayerNormalization"
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if inputs.same_dtype()? != DType::F32 {
            return Err(op_error(format!("element type {} is not supported", x.dtype)).help("supported: float32"));
        }
        let row = x.shape[x.axis(-1)?];
        for ty in inputs.types().skip(1) {
            if ty.shape != [row] {
                return Err(op_error(format!(
                    "{ty} must have one number for each of the {row} elements of a row"
                )));
            }
        }
        Ok(vec![x.clone()])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (row, rows) = cx
            .ty(0)
            .shape
            .split_last()
            .expect("inference has found the last dimension");
        let (outer, inner, epsilon) = (rows.iter().product(), *row, self.epsilon);
        let (x, scale) = (cx.input(0), cx.input_as(1, "scale"));
        if self.rms {
            let y = cx.output(0);
            cx.call(kernels::RmsNormalization { outer, inner, epsilon }, &[x, scale], &[y]);
        } else {
            let (bias, y) = (cx.input_as(2, "bias"), cx.output(0));
            cx.call(
                kernels::LayerNormalization { outer, inner, epsilon },
                &[x, scale, bias],
                &[y],
            );
        }
        Ok(())
    }
}
