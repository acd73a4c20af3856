use crate::ir::Lowering;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::kernels;

/// Normalises each group of channels of each image, channels-last: inputs `x` `[N, .., C]`, `scale` `[C]`, `bias`
/// `[C]`, all `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupNormalization {
    /// Groups that the channels are divided into; the number of channels normalises each for itself.
    pub groups: usize,
    /// Added to the variance.
    pub epsilon: f32,
}

impl Operator for GroupNormalization {
    fn name(&self) -> &'static str {
        "GroupNormalization"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if inputs.same_dtype()? != DType::F32 {
            return Err(op_error(format!("element type {} is not supported", x.dtype)).help("supported: float32"));
        }
        let [_, .., channels] = x.shape[..] else {
            return Err(op_error(format!("the input {x} must have a batch and channels")));
        };
        if self.groups == 0 || !channels.is_multiple_of(self.groups) {
            return Err(op_error(format!(
                "{channels} channels do not divide into {} groups",
                self.groups
            )));
        }
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
        let (batch, channels) = (shape[0], shape[shape.len() - 1]);
        let spatial = shape[1..shape.len() - 1].iter().product();
        let (groups, epsilon) = (self.groups, self.epsilon);
        let (x, scale, bias) = (cx.input(0), cx.input_as(1, "scale"), cx.input_as(2, "bias"));
        let y = cx.output(0);
        if groups == channels {
            let kernel = kernels::InstanceNormalization {
                batch,
                spatial,
                channels,
                epsilon,
            };
            cx.call(kernel, &[x, scale, bias], &[y]);
        } else {
            let kernel = kernels::GroupNormalization {
                batch,
                spatial,
                groups,
                group: channels / groups,
                epsilon,
            };
            cx.call(kernel, &[x, scale, bias], &[y]);
        }
        Ok(())
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.beside(self, 1..time.shape(0)?.len())
    }
}
