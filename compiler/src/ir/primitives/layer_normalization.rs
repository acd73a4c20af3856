use super::{BinaryOp, Reduce, ReduceOp};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, ValueId, op_error};
use crate::ir::{Gradient, Lowering};
use crate::ir::{OverTime, Time};
use runtime_core::function::{Sqrt, Square};
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

    /// With `n` the normalised row, `d` its deviation and `h = g * scale`: `(h - mean(h) - n * mean(h * n)) / d`.
    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (x, scale, g) = (cx.input(0)?, cx.input(1)?, cx.of_output()?);
        let shape = cx.shape(x);
        let row = shape.len() - 1;
        let mean = |cx: &mut Gradient<'_>, value: ValueId| {
            let (op, axes) = (ReduceOp::Mean, vec![row]);
            cx.add(Reduce { op, axes }, &[value])
        };
        let centred = if self.rms {
            x
        } else {
            let middle = mean(cx, x)?;
            cx.binary(BinaryOp::Sub, x, middle)?
        };
        let squares = cx.map(Square, centred)?;
        let variance = mean(cx, squares)?;
        let variance = cx.with_number(BinaryOp::Add, variance, self.epsilon.into())?;
        let deviation = cx.map(Sqrt, variance)?;
        let normalised = cx.binary(BinaryOp::Div, centred, deviation)?;
        if cx.wants(0) {
            let weighed = cx.product(g, scale)?;
            let products = cx.product(weighed, normalised)?;
            let share = mean(cx, products)?;
            let along = cx.product(normalised, share)?;
            let mut rest = cx.binary(BinaryOp::Sub, weighed, along)?;
            if !self.rms {
                let middle = mean(cx, weighed)?;
                rest = cx.binary(BinaryOp::Sub, rest, middle)?;
            }
            let gradient = cx.binary(BinaryOp::Div, rest, deviation)?;
            cx.give(0, gradient)?;
        }
        if cx.wants(1) {
            let products = cx.product(g, normalised)?;
            let gradient = cx.summed_to(products, &shape[row..])?;
            cx.give(1, gradient)?;
        }
        if cx.wants(2) {
            let gradient = cx.summed_to(g, &shape[row..])?;
            cx.give(2, gradient)?;
        }
        Ok(())
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.beside(self, [time.shape(0)?.len() - 1])
    }
}
