use crate::ir::Lowering;
use crate::ir::geometry::{around, moved};
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, op_error};
use runtime_core::function::AnyFunction;
use runtime_core::kernels;

/// `activation(x * scale[c] + shift[c])` for each channel `c`: inputs `x`, `scale`, `shift`, all `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaleShift {
    /// The axis of the channels.
    pub axis: usize,
    /// Applied to the result.
    pub activation: AnyFunction,
}

impl Operator for ScaleShift {
    fn name(&self) -> &'static str {
        "ScaleShift"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if inputs.same_dtype()? != DType::F32 {
            return Err(op_error(format!("element type {} is not supported", x.dtype)).help("supported: float32"));
        }
        let channels = x.shape[x.axis(self.axis as i64)?];
        for ty in [inputs.ty(1)?, inputs.ty(2)?] {
            if ty.shape != [channels] {
                return Err(op_error(format!(
                    "{ty} must have one number for each of {channels} channels"
                )));
            }
        }
        Ok(vec![x.clone()])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let shape = &cx.ty(0).shape;
        let (outer, inner) = around(shape, self.axis);
        let kernel = kernels::ScaleShift {
            outer,
            channels: shape[self.axis],
            inner,
            activation: self.activation,
        };
        let (x, scale, shift, y) = (cx.input(0), cx.input(1), cx.input(2), cx.output(0));
        cx.call(kernel, &[x, scale, shift], &[y]);
        Ok(())
    }

    fn macs(&self, _: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        outputs[0].len() as u64
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let operator = Self {
            axis: moved(self.axis, perm)?,
            activation: self.activation,
        };
        Some(Permuted {
            operator: Box::new(operator),
            transposed: vec![true, false, false],
        })
    }
}
