use crate::bindings::DeformColumnsCall;
use crate::ir::Lowering;
use crate::ir::geometry::{Image, Layout, Window, tensor_type};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};

/// The elements of the windows of a channels-first image, each moved by an offset, interpolated linearly. Inputs: the
/// image, and offsets `[batch, groups * taps * axes, windows..]`; output `[batch, channels, taps, windows]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DeformColumns {
    /// Geometry.
    pub window: Window,
    /// Groups of channels that are moved alike.
    pub groups: usize,
}

impl DeformColumns {
    /// The image, the extents of the windows and the number of taps.
    fn shapes(&self, x: &TensorType) -> Result<(Image, Vec<usize>, usize), OpError> {
        let image = Image::of(x, Layout::ChannelsFirst, self.window.rank())?;
        let windows = image.spatial.iter().enumerate();
        let windows = windows.map(|(i, size)| self.window.output(i, *size, false));
        let windows = windows.collect::<Result<_, _>>()?;
        let taps = self.window.kernel.iter().try_fold(1usize, |n, k| n.checked_mul(*k));
        let taps = taps.ok_or_else(|| op_error("the kernel is too large"))?;
        Ok((image, windows, taps))
    }
}

impl Operator for DeformColumns {
    fn name(&self) -> &'static str {
        "DeformColumns"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        self.window.check()?;
        let dtype = inputs.same_dtype()?;
        if !matches!(dtype, DType::F32 | DType::F64) {
            return Err(op_error(format!("element type {dtype} is not supported")));
        }
        let (x, offsets) = (inputs.ty(0)?, inputs.ty(1)?);
        let (image, windows, taps) = self.shapes(x)?;
        if self.groups == 0 || !image.channels.is_multiple_of(self.groups) {
            return Err(op_error(format!(
                "{} input channels do not divide into offset_group {}",
                image.channels, self.groups
            )));
        }
        let rows = self.groups.checked_mul(taps).and_then(|n| n.checked_mul(windows.len()));
        let expected = [&[image.batch, rows.unwrap_or(usize::MAX)], windows.as_slice()].concat();
        if offsets.shape != expected {
            return Err(op_error(format!("the offsets {offsets} must be of shape {expected:?}")));
        }
        let windows = windows.iter().product();
        Ok(vec![tensor_type(
            dtype,
            vec![image.batch, image.channels, taps, windows],
        )?])
    }

    fn work(&self, _: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        (outputs[0].len() as u64) << self.window.rank()
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (image, windows, _) = self.shapes(cx.ty(0))?;
        let call = DeformColumnsCall {
            groups: image.batch * self.groups,
            channels: image.channels / self.groups,
            windows: self.window.between(&image.spatial, &windows),
            dtype: cx.ty(0).dtype,
        };
        let (x, offsets, y) = (cx.input(0), cx.input(1), cx.output(0));
        cx.call(call, &[x, offsets], &[y]);
        Ok(())
    }
}
