use crate::bindings::MaxPoolIndicesCall;
use crate::ir::Lowering;
use crate::ir::geometry::{Image, Layout, Window, row_major_strides, tensor_type};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};

/// The greatest element of each window of a channels-first image, and its index (`i64`) in the whole input.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPoolIndices {
    /// Geometry.
    pub window: Window,
    /// Whether a last window may stick out at the end.
    pub ceil_mode: bool,
    /// Whether indices count along the first spatial axis first, rather than the last.
    pub column_major: bool,
}

impl MaxPoolIndices {
    fn output(&self, x: &TensorType) -> Result<(Image, Vec<usize>), OpError> {
        let image = Image::of(x, Layout::ChannelsFirst, self.window.rank())?;
        let spatial = image.spatial.iter().enumerate();
        let spatial = spatial.map(|(i, size)| self.window.output(i, *size, self.ceil_mode));
        let spatial = spatial.collect::<Result<_, _>>()?;
        Ok((image, spatial))
    }
}

impl Operator for MaxPoolIndices {
    fn name(&self) -> &'static str {
        "MaxPoolIndices"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        self.window.check()?;
        let x = inputs.ty(0)?;
        if !matches!(x.dtype, DType::F32 | DType::F64 | DType::I8 | DType::U8) {
            return Err(op_error(format!("element type {} is not supported", x.dtype)));
        }
        let (image, spatial) = self.output(x)?;
        let shape = [&[image.batch, image.channels], spatial.as_slice()].concat();
        Ok(vec![
            tensor_type(x.dtype, shape.clone())?,
            tensor_type(DType::I64, shape)?,
        ])
    }

    fn work(&self, _: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let taps = self.window.kernel.iter();
        taps.fold(outputs[0].len() as u64, |work, k| work.saturating_mul(*k as u64))
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (image, spatial) = self.output(cx.ty(0))?;
        let places = if self.column_major {
            let reversed: Vec<usize> = image.spatial.iter().rev().copied().collect();
            row_major_strides(&reversed).into_iter().rev().collect()
        } else {
            row_major_strides(&image.spatial)
        };
        let call = MaxPoolIndicesCall {
            planes: image.batch * image.channels,
            windows: self.window.between(&image.spatial, &spatial),
            places,
            dtype: cx.ty(0).dtype,
        };
        let (x, y, indices) = (cx.input(0), cx.output(0), cx.output(1));
        cx.call(call, &[x], &[y, indices]);
        Ok(())
    }
}
