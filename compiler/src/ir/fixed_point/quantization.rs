use crate::ir::Lowering;
use crate::ir::geometry::{around, moved};
use crate::ir::program::View;
use crate::ir::{DType, OpError, Steps, Tensor, TensorType, op_error};

/// How integers stand for numbers: `(integer - zero) * scale`, with one scale and zero point, or one per channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantization {
    /// Type of the integers.
    pub dtype: DType,
    /// The scales: one, or as many as `axis` has elements.
    pub scales: Vec<f32>,
    /// As many zero points.
    pub zeros: Vec<i32>,
    /// The axis of the channels; of no consequence if there is one scale.
    pub axis: usize,
}

impl Quantization {
    /// One scale for all.
    pub fn uniform(dtype: DType, scale: f32, zero: i32) -> Self {
        Self {
            dtype,
            scales: vec![scale],
            zeros: vec![zero],
            axis: 0,
        }
    }

    /// The scale and the zero point, if there is one of each.
    pub fn single(&self) -> Option<(f32, i32)> {
        match (&self.scales[..], &self.zeros[..]) {
            ([scale], [zero]) => Some((*scale, *zero)),
            _ => None,
        }
    }

    /// What an integer stands for, if there is one scale.
    pub fn steps(&self) -> Option<Steps> {
        self.single().map(|(scale, zero)| Steps { scale, zero })
    }

    /// The least and the greatest integer of a type; `None` for types that nothing is quantised to.
    pub fn range(dtype: DType) -> Option<(i32, i32)> {
        match dtype {
            DType::I8 => Some((i8::MIN.into(), i8::MAX.into())),
            DType::U8 => Some((u8::MIN.into(), u8::MAX.into())),
            DType::I16 => Some((i16::MIN.into(), i16::MAX.into())),
            DType::U16 => Some((u16::MIN.into(), u16::MAX.into())),
            DType::I32 => Some((i32::MIN, i32::MAX)),
            _ => None,
        }
    }

    /// Checks that scales and zero points are usable and fit `ty`.
    pub(in crate::ir) fn check(&self, ty: &TensorType) -> Result<(), OpError> {
        let Some((min, max)) = Self::range(self.dtype) else {
            return Err(
                op_error(format!("{} is not a quantised type", self.dtype)).help("supported: i8, u8, i16, u16, i32")
            );
        };
        let channels = self.scales.len();
        let fits = channels == 1 || ty.shape.get(self.axis) == Some(&channels);
        if !fits || self.zeros.len() != channels {
            return Err(op_error(format!(
                "{channels} scales do not fit axis {} of {ty}",
                self.axis
            )));
        }
        if let Some(scale) = self.scales.iter().find(|s| !(s.is_normal() && **s > 0.0)) {
            return Err(
                op_error(format!("the scale {scale:e} is not a normal number above zero"))
                    .help("quantise the model again: a constant tensor needs a scale too"),
            );
        }
        match self.zeros.iter().find(|zero| !(min..=max).contains(*zero)) {
            Some(zero) => Err(op_error(format!("the zero point {zero} is outside of {}", self.dtype))),
            None => Ok(()),
        }
    }

    /// The extents before, of and after the channels of a tensor.
    pub(in crate::ir) fn extents(&self, shape: &[usize]) -> [usize; 3] {
        if self.scales.len() == 1 {
            return [1, 1, shape.iter().product()];
        }
        let (outer, inner) = around(shape, self.axis);
        [outer, shape[self.axis], inner]
    }

    /// The index of the scale and the zero point of each element of a tensor.
    pub fn channels(&self, shape: &[usize]) -> impl Iterator<Item = usize> + use<> {
        let [outer, channels, inner] = self.extents(shape);
        (0..outer).flat_map(move |_| (0..channels).flat_map(move |channel| (0..inner).map(move |_| channel)))
    }

    /// Scales and zero points as operands of a kernel.
    pub(in crate::ir) fn operands(&self, cx: &mut Lowering<'_>) -> [View; 2] {
        let channels = [self.scales.len()];
        let zeros: Vec<u8> = self.zeros.iter().flat_map(|zero| bytes(*zero, self.dtype)).collect();
        [
            cx.add_constant("scales", Tensor::f32(&channels, &self.scales)),
            cx.add_constant("zero_points", Tensor::new(self.dtype, channels.to_vec(), zeros)),
        ]
    }

    /// The same for the tensor transposed by `perm`.
    pub fn permuted(&self, perm: &[usize]) -> Option<Self> {
        let axis = if self.scales.len() == 1 {
            0
        } else {
            moved(self.axis, perm)?
        };
        Some(Self { axis, ..self.clone() })
    }
}

/// An integer's bytes in a type that holds it.
fn bytes(value: i32, dtype: DType) -> Vec<u8> {
    value.to_le_bytes()[..dtype.size()].to_vec()
}
