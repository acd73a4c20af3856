use crate::ir::geometry::{around, moved};
use crate::ir::{DType, Inputs, OpError, Operator, Parts, Permuted, TensorType, op_error};
use crate::ir::{Gradient, Lowering};
use crate::ir::{OverTime, Time};
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
        let (x, scale, shift) = (cx.input(0), cx.input_as(1, "scale"), cx.input_as(2, "shift"));
        let y = cx.output(0);
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

    fn parts(&self, axis: usize, x: &[usize], _: &[usize]) -> Option<Parts> {
        (axis == self.axis).then(|| Parts::same(axis, x[axis]))
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (x, scale, g) = (cx.input(0)?, cx.input(1)?, cx.of_output()?);
        let shape = cx.shape(x);
        let channels = shape[self.axis];
        let axes: Vec<usize> = (0..shape.len()).filter(|axis| *axis != self.axis).collect();
        if cx.wants(0) {
            let mut along = vec![1; shape.len()];
            along[self.axis] = channels;
            let scale = cx.reshaped(scale, &along)?;
            let gradient = cx.product(g, scale)?;
            cx.give(0, gradient)?;
        }
        if cx.wants(1) {
            let products = cx.product(g, x)?;
            let sums = cx.sum(products, axes.clone())?;
            let gradient = cx.reshaped(sums, &[channels])?;
            cx.give(1, gradient)?;
        }
        if cx.wants(2) {
            let sums = cx.sum(g, axes)?;
            let gradient = cx.reshaped(sums, &[channels])?;
            cx.give(2, gradient)?;
        }
        Ok(())
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.beside(self, [self.axis])
    }
}
