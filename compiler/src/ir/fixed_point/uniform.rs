//! What integer operators make of quantisations with one scale: fixed-point factors and limits.

use super::{MULTIPLIER_BITS, Quantization, multipliers};
use crate::ir::{DType, Inputs, OpError, TensorType, op_error};

/// A quantisation with one scale and zero point, to a type that integer kernels compute with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ir) struct Uniform {
    /// `i8` or `i16`.
    pub(in crate::ir) dtype: DType,
    /// The scale.
    pub(in crate::ir) scale: f64,
    /// The zero point.
    pub(in crate::ir) zero: i32,
}

impl Uniform {
    /// `None` for scales of channels, other types, and scales and zero points that nothing can be quantised with.
    pub(in crate::ir) fn of(quantization: &Quantization) -> Option<Self> {
        let Quantization { dtype, .. } = *quantization;
        let (scale, zero) = quantization.single()?;
        let usable = matches!(dtype, DType::I8 | DType::I16) && quantization.check(&TensorType::new(dtype, [])).is_ok();
        let scale = f64::from(scale);
        usable.then_some(Self { dtype, scale, zero })
    }

    /// The greatest distance of an integer from the zero point.
    pub(in crate::ir) fn reach(self) -> u64 {
        let (min, max) = Quantization::range(self.dtype).unwrap_or_default();
        self.zero.abs_diff(min).max(self.zero.abs_diff(max)).into()
    }
}

/// How exact sums become the integers of an output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ir) struct Rounding {
    /// Element type.
    pub(in crate::ir) dtype: DType,
    /// Bits to shift by, 1 to 62.
    pub(in crate::ir) shift: u32,
    /// Zero point.
    pub(in crate::ir) zero: i32,
    /// Least and greatest integer, beyond those of the type where there is no limit.
    pub(in crate::ir) limits: [i32; 2],
}

impl Rounding {
    /// The quantisation `y`, of shifted sums, within the least and greatest integer of a fused `Relu` or `Clip`.
    /// `None` if these are not in order.
    pub(in crate::ir) fn new(y: Uniform, shift: u32, limits: Option<(i32, i32)>) -> Option<Self> {
        let (min, max) = limits.unwrap_or((i32::MIN, i32::MAX));
        (min <= max).then_some(Self {
            dtype: y.dtype,
            shift,
            zero: y.zero,
            limits: [min, max],
        })
    }
}

/// A multiplier of fewer bits than this could move a 16-bit output by more than a sixteenth of a step.
pub(in crate::ir) const LEAST_BITS: u32 = 20;

/// Bits of a multiplier whose products with sums of up to `greatest` fit where one is rounded. `None` if too few are
/// left.
pub(in crate::ir) fn room(greatest: u64) -> Option<u32> {
    let bits = 62_u32.checked_sub(u64::BITS - greatest.leading_zeros())?;
    (bits >= LEAST_BITS).then_some(bits.min(MULTIPLIER_BITS))
}

/// One factor as an integer of at most `bits` bits over a power of two.
pub(in crate::ir) fn multiplier(factor: f64, bits: u32) -> Option<(i32, u32)> {
    let (integers, shift) = multipliers([factor].into_iter(), bits)?;
    Some((*integers.first()?, shift))
}

/// An error unless operand `index` has elements of type `dtype`; gives its type.
pub(in crate::ir) fn expect<'a>(inputs: &Inputs<'a>, index: usize, dtype: DType) -> Result<&'a TensorType, OpError> {
    let ty = inputs.ty(index)?;
    if ty.dtype != dtype {
        return Err(op_error(format!("{ty} is not the quantised {dtype}")));
    }
    Ok(ty)
}
