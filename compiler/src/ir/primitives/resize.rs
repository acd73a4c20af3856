use crate::bindings::Typed;
use crate::ir::Lowering;
use crate::ir::geometry::{around, moved, tensor_type};
use crate::ir::{DType, Inputs, OpError, Operator, Parts, Permuted, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::kernels;

/// Weighted sums of elements along one axis: inputs `x`, indices `i32` `[output, taps]`, weights `[output, taps]` of
/// the element type of `x`.
#[derive(Clone, Debug, PartialEq)]
pub struct Resize {
    /// The axis.
    pub axis: usize,
}

impl Operator for Resize {
    fn name(&self) -> &'static str {
        "Resize"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, indices, weights) = (inputs.ty(0)?, inputs.ty(1)?, inputs.ty(2)?);
        x.axis(self.axis as i64)?;
        if !matches!(x.dtype, DType::F32 | DType::F64) {
            return Err(
                op_error(format!("element type {} is not supported", x.dtype)).help("supported: float32, float64")
            );
        }
        let ([output, _], DType::I32, true) = (&indices.shape[..], indices.dtype, weights.dtype == x.dtype) else {
            return Err(op_error(format!(
                "{indices} and {weights} are not a table of indices and weights"
            )));
        };
        if indices.shape != weights.shape {
            return Err(op_error(format!(
                "the indices {indices} and the weights {weights} differ in shape"
            )));
        }
        let mut shape = x.shape.clone();
        shape[self.axis] = *output;
        Ok(vec![tensor_type(x.dtype, shape)?])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let taps = inputs[1].map_or(0, |indices| indices.shape[1]);
        outputs[0].len() as u64 * taps as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (shape, table) = (&cx.ty(0).shape, &cx.ty(1).shape);
        let (outer, inner) = around(shape, self.axis);
        let kernel = kernels::Resize {
            outer,
            input: shape[self.axis],
            output: table[0],
            inner,
            taps: table[1],
        };
        let (x, indices, weights, y) = (cx.input(0), cx.input(1), cx.input(2), cx.output(0));
        let dtype = cx.ty(0).dtype;
        cx.call(Typed { kernel, dtype }, &[x, indices, weights], &[y]);
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let operator = Self {
            axis: moved(self.axis, perm)?,
        };
        Some(Permuted {
            operator: Box::new(operator),
            transposed: vec![true, false, false],
        })
    }

    fn parts(&self, axis: usize, x: &[usize], _: &[usize]) -> Option<Parts> {
        (axis != self.axis).then(|| Parts::same(axis, x[axis]))
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.beside(self, [self.axis])
    }
}
