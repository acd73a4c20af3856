use crate::bindings::Between;
use crate::ir::fixed_point::{MULTIPLIER_BITS, Quantization, Rounding, Uniform, expect, multiplier};
use crate::ir::{CallOptions, Lowering};
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType};
use runtime_core::kernels;

/// Integers to those that stand for the same numbers in another quantisation, rounded half to even and limited.
#[derive(Clone, Debug, PartialEq)]
pub struct RequantizeLinear {
    from: DType,
    x_zero: i32,
    multiplier: i32,
    rounding: Rounding,
}

impl RequantizeLinear {
    /// From `x` to `y`, within the least and greatest integer of a fused `Relu` or `Clip`. `None` for quantisations
    /// with several scales or of other types than `i8` and `i16`, or if the output's scale is a billion times finer.
    pub fn new(x: &Quantization, y: &Quantization, limits: Option<(i32, i32)>) -> Option<Self> {
        let (x, y) = (Uniform::of(x)?, Uniform::of(y)?);
        let (multiplier, shift) = multiplier(x.scale / y.scale, MULTIPLIER_BITS)?;
        Some(Self {
            from: x.dtype,
            x_zero: x.zero,
            multiplier,
            rounding: Rounding::new(y, shift, limits)?,
        })
    }
}

impl Operator for RequantizeLinear {
    fn name(&self) -> &'static str {
        "RequantizeLinear"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = expect(inputs, 0, self.from)?;
        Ok(vec![TensorType::new(self.rounding.dtype, x.shape.clone())])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let Rounding {
            dtype: to,
            shift,
            zero,
            limits: [min, max],
        } = self.rounding;
        let kernel = kernels::RequantizeLinear {
            x_zero: self.x_zero,
            multiplier: self.multiplier,
            shift,
            zero,
            min,
            max,
        };
        let call = Between {
            kernel,
            from: self.from,
            to,
        };
        let in_place = call.in_place();
        let (x, y) = (cx.input(0), cx.output(0));
        cx.call_with(call, &[x], &[y], CallOptions { in_place });
        Ok(())
    }

    fn permute(&self, _: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        Some(Permuted {
            operator: Box::new(self.clone()),
            transposed: vec![true],
        })
    }

    fn is_elementwise(&self) -> bool {
        true
    }
}
