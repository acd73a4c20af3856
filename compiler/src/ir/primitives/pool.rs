use crate::bindings::{AveragePoolCall, MaxPoolCall};
use crate::ir::Lowering;
use crate::ir::geometry::{Image, Layout, Window};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels::Pool2d;

/// A pool over windows along one or two spatial axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// What it makes of a window.
    pub kind: PoolKind,
    /// Geometry.
    pub window: Window,
    /// Whether a last window may stick out at the end.
    pub ceil_mode: bool,
    /// Layout of the input and of the output.
    pub layout: Layout,
}

/// What a pool makes of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The greatest element.
    Max,
    /// The mean, with or without the padding.
    Average {
        /// Whether padding counts as zeros.
        count_include_pad: bool,
    },
}

impl Pool {
    /// The images that it reads and makes.
    pub(super) fn images(&self, x: &TensorType) -> Result<(Image, Image), OpError> {
        let image = Image::of(x, self.layout, self.window.rank())?;
        let spatial = image.spatial.iter().enumerate();
        let spatial = spatial
            .map(|(i, size)| self.window.output(i, *size, self.ceil_mode))
            .collect::<Result<_, _>>()?;
        let output = Image {
            spatial,
            ..image.clone()
        };
        Ok((image, output))
    }

    /// Checks the window.
    pub(super) fn check(&self) -> Result<(), OpError> {
        self.window.check()?;
        match self.window.rank() {
            rank @ 3.. => Err(op_error(format!("a pool over {rank} spatial axes at once"))),
            _ => Ok(()),
        }
    }
}

impl Operator for Pool {
    fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "MaxPool",
            PoolKind::Average { .. } => "AveragePool",
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        self.check()?;
        let supported = match self.kind {
            PoolKind::Max => x.dtype != DType::Bool,
            PoolKind::Average { .. } => matches!(x.dtype, DType::F32 | DType::F64),
        };
        if !supported {
            return Err(op_error(format!("element type {} is not supported", x.dtype)));
        }
        let (_, output) = self.images(x)?;
        Ok(vec![x.with_shape(output.shape(self.layout))])
    }

    fn work(&self, _: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let taps = self
            .window
            .kernel
            .iter()
            .fold(1u64, |taps, k| taps.saturating_mul(*k as u64));
        taps.saturating_mul(outputs[0].len() as u64)
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (image, output) = self.images(cx.ty(0))?;
        let pool = Pool2d {
            batch: image.batch,
            input: image.hwc(),
            output: output.hwc(),
            kernel: Window::pair(&self.window.kernel, 1),
            strides: Window::pair(&self.window.strides, 1),
            dilations: Window::pair(&self.window.dilations, 1),
            pads: self.window.pads2d(),
            count_include_pad: self.kind
                == PoolKind::Average {
                    count_include_pad: true,
                },
        };
        let dtype = cx.ty(0).dtype;
        let (x, y) = (cx.input(0), cx.output(0));
        match self.kind {
            PoolKind::Max => cx.call(MaxPoolCall { pool, dtype }, &[x], &[y]),
            PoolKind::Average { .. } => cx.call(AveragePoolCall { pool, dtype }, &[x], &[y]),
        }
        Ok(())
    }
}
