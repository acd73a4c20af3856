use crate::bindings::GridSampleCall;
use crate::ir::Lowering;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
pub use runtime_core::kernels::{GridMode, GridPadding};

/// Elements of the images in input 0, channels first, at the locations in input 1, whose coordinates run from -1 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct GridSample {
    /// How an element between others is made of them.
    pub mode: GridMode,
    /// What lies outside of an image.
    pub padding: GridPadding,
    /// Whether -1 and 1 are the centers of the first and last element, or their outer edges.
    pub align_corners: bool,
}

impl Operator for GridSample {
    fn name(&self) -> &'static str {
        "GridSample"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, grid) = (inputs.ty(0)?, inputs.ty(1)?);
        let wrong = || op_error(format!("{grid} does not hold locations in {x}"));
        let ([images, channels, spatial @ ..], [grids, points @ .., axes]) = (&x.shape[..], &grid.shape[..]) else {
            return Err(wrong());
        };
        if images != grids || *axes != spatial.len() || points.len() != spatial.len() || x.dtype != grid.dtype {
            return Err(wrong());
        }
        if !(1..=3).contains(&spatial.len()) || !matches!(x.dtype, DType::F32 | DType::F64) {
            return Err(op_error(format!("images {x}")).help("supported: one to three spatial dimensions"));
        }
        let shape = [&[*images, *channels], points].concat();
        let y = tensor_type(x.dtype, shape)?;
        if spatial.contains(&0) && !y.is_empty() {
            return Err(op_error(format!("images {x} have no elements")));
        }
        Ok(vec![y])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let width = match self.mode {
            GridMode::Nearest => 1u64,
            GridMode::Linear => 2,
            GridMode::Cubic => 4,
        };
        let axes = inputs[0].map_or(0, |x| x.rank().saturating_sub(2));
        outputs[0].len() as u64 * width.pow(axes as u32)
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (ty, output) = (cx.ty(0), cx.output_ty(0));
        let call = GridSampleCall {
            input: ty.shape[2..].to_vec(),
            channels: ty.shape[1],
            points: output.shape[2..].iter().product(),
            mode: self.mode,
            padding: self.padding,
            align_corners: self.align_corners,
            dtype: ty.dtype,
        };
        let (x, grid, y) = (cx.input(0), cx.input(1), cx.output(0));
        cx.call(call, &[x, grid], &[y]);
        Ok(())
    }
}
