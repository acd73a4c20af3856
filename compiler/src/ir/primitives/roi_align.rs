use crate::bindings::Typed;
use crate::ir::Lowering;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels;

/// Means or maxima over the cells of regions (input 1) of the images in input 0, channels first, that input 2 (`i64`)
/// names.
#[derive(Clone, Debug, PartialEq)]
pub struct RoiAlign {
    /// Cells of a region from top to bottom and from left to right.
    pub cells: [usize; 2],
    /// Samples of a cell along each axis; 0 for about one per element of the image.
    pub sampling_ratio: usize,
    /// Elements of the image in a unit of the regions' coordinates.
    pub spatial_scale: f32,
    /// Whether coordinates count from the edge of the first element, or from its center.
    pub half_pixel: bool,
    /// Whether the greatest weighted neighbour of all samples is sought, or the mean of the samples.
    pub max: bool,
}

impl Operator for RoiAlign {
    fn name(&self) -> &'static str {
        "RoiAlign"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, rois, images) = (inputs.ty(0)?, inputs.ty(1)?, inputs.ty(2)?);
        let ([_, channels, _, _], [count, 4], [named]) = (&x.shape[..], &rois.shape[..], &images.shape[..]) else {
            let message = format!("{x}, {rois} and {images} are not images, regions and the images that they lie in");
            return Err(op_error(message));
        };
        if count != named {
            return Err(op_error(format!("{count} regions lie in {named} images")));
        }
        let types = [x.dtype, rois.dtype, images.dtype];
        if ![DType::F32, DType::F64].map(|t| [t, t, DType::I64]).contains(&types) {
            let message = format!("element types {} and {} of images and regions", x.dtype, rois.dtype);
            return Err(op_error(message));
        }
        let [height, width] = self.cells;
        Ok(vec![tensor_type(x.dtype, vec![*count, *channels, height, width])?])
    }

    fn macs(&self, _: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let samples = self.sampling_ratio.max(1) as u64;
        (outputs[0].len() as u64).saturating_mul(samples.saturating_mul(samples).saturating_mul(4))
    }

    /// Without a number of samples, a region has about two per element of the image along each axis at most.
    fn work(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let (0, Some(x)) = (self.sampling_ratio, inputs[0]) else {
            return self.macs(inputs, outputs);
        };
        let along = |axis: usize| 2 * x.shape[2 + axis] as u64 + 4 + self.cells[axis] as u64;
        let planes = outputs[0].shape[..2].iter().map(|n| *n as u64);
        let samples = along(0).saturating_mul(along(1)).saturating_mul(4);
        planes.fold(samples, u64::saturating_mul)
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let [output_height, output_width] = self.cells;
        let kernel = kernels::RoiAlign {
            channels: ty.shape[1],
            height: ty.shape[2],
            width: ty.shape[3],
            output_height,
            output_width,
            sampling_ratio: self.sampling_ratio,
            spatial_scale: self.spatial_scale,
            half_pixel: self.half_pixel,
            max: self.max,
        };
        let call = Typed {
            kernel,
            dtype: ty.dtype,
        };
        let (x, rois, images, y) = (cx.input(0), cx.input(1), cx.input(2), cx.output(0));
        cx.call(call, &[x, rois, images], &[y]);
        Ok(())
    }
}
