use super::MatMul;
use super::mat_mul::shapes;
use crate::bindings::QlinearMatMulCall;
use crate::ir::Lowering;
use crate::ir::fixed_point::{Quantization, Rounding, Uniform, expect, multiplier, room};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use crate::ir::{OverTime, Time};

/// A matrix product of two quantised tensors as `numpy.matmul`: batched, with broadcasting; rounded once, half to even,
/// and limited.
#[derive(Clone, Debug, PartialEq)]
pub struct QlinearMatMul {
    k: usize,
    from: DType,
    zeros: [i32; 2],
    multiplier: i32,
    rounding: Rounding,
}

impl QlinearMatMul {
    /// Sums of `k` products of operands quantised as `a` and `b`, quantised as `y`, within the least and greatest
    /// integer of a fused `Relu` or `Clip`. `None` for operands of different types, quantisations with several scales
    /// or of other types than `i8` and `i16`, more products than can be summed, or if the output's scale is a billion
    /// times finer.
    pub fn new(
        k: usize,
        a: &Quantization,
        b: &Quantization,
        y: &Quantization,
        limits: Option<(i32, i32)>,
    ) -> Option<Self> {
        let (a, b, y) = (Uniform::of(a)?, Uniform::of(b)?, Uniform::of(y)?);
        let greatest = (a.reach() * b.reach()).checked_mul(k as u64)?;
        let summed = match a.dtype {
            DType::I8 => i32::MAX as u64,
            _ => i64::MAX as u64,
        };
        (a.dtype == b.dtype && greatest <= summed).then_some(())?;
        let (multiplier, shift) = multiplier(a.scale * b.scale / y.scale, room(greatest)?)?;
        Some(Self {
            k,
            from: a.dtype,
            zeros: [a.zero, b.zero],
            multiplier,
            rounding: Rounding::new(y, shift, limits)?,
        })
    }
}

impl Operator for QlinearMatMul {
    fn name(&self) -> &'static str {
        "QlinearMatMul"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let shapes = shapes(expect(inputs, 0, self.from)?, expect(inputs, 1, self.from)?)?;
        if shapes.k != self.k {
            return Err(op_error(format!(
                "sums of {} products, the multiplier is for {}",
                shapes.k, self.k
            )));
        }
        Ok(vec![TensorType::new(self.rounding.dtype, shapes.output)])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        MatMul.macs(inputs, outputs)
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let call = QlinearMatMulCall {
            product: shapes(cx.ty(0), cx.ty(1))?.call(self.from),
            zeros: self.zeros,
            multiplier: self.multiplier,
            shift: self.rounding.shift,
            zero: self.rounding.zero,
            limits: self.rounding.limits,
            to: self.rounding.dtype,
        };
        let (a, b, y) = (cx.input(0), cx.input(1), cx.output(0));
        cx.call(call, &[a, b], &[y]);
        Ok(())
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.matrix_product(self)
    }
}
