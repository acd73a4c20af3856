use super::generic::{Typed, by_dtype};
use crate::{Args, DType, KernelCall, Value};
use runtime_core::kernels::{self as k, GridMode, GridPadding, GridSample, RoiAlign};

/// `grid_sample`: elements of images at given locations.
#[derive(Clone, Debug, PartialEq)]
pub struct GridSampleCall {
    /// Spatial extents of an image: at most three.
    pub input: Vec<usize>,
    /// Channels of an image.
    pub channels: usize,
    /// Number of locations in an image.
    pub points: usize,
    /// How an element between others is made of them.
    pub mode: GridMode,
    /// What lies outside of the image.
    pub padding: GridPadding,
    /// Whether -1 and 1 are the centers of the first and last element, or their outer edges.
    pub align_corners: bool,
    /// Element type: `f32` or `f64`.
    pub dtype: DType,
}

impl GridSampleCall {
    fn run<const R: usize>(&self, args: &mut Args<'_>) {
        let layer = GridSample::<R> {
            input: super::padded(&self.input, 1),
            channels: self.channels,
            points: self.points,
            mode: self.mode,
            padding: self.padding,
            align_corners: self.align_corners,
        };
        by_dtype!(self.dtype, T => k::grid_sample(args.simd, layer, args.x::<T>(0), args.x(1), args.y(0)),
            [F32 f32, F64 f64]);
    }
}

impl KernelCall for GridSampleCall {
    fn name(&self) -> &'static str {
        "grid_sample"
    }

    fn params(&self) -> Value {
        Value::Struct(
            "GridSample",
            vec![
                ("input", Value::ints(&self.input)),
                ("channels", Value::Int(self.channels as i128)),
                ("points", Value::Int(self.points as i128)),
                ("mode", Value::of(&self.mode)),
                ("padding", Value::of(&self.padding)),
                ("align_corners", Value::Bool(self.align_corners)),
            ],
        )
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.input.len()]
    }

    fn execute(&self, args: &mut Args<'_>) {
        match self.input.len() {
            1 => self.run::<1>(args),
            2 => self.run::<2>(args),
            _ => self.run::<3>(args),
        }
    }
}

impl KernelCall for Typed<RoiAlign> {
    fn name(&self) -> &'static str {
        "roi_align"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        by_dtype!(self.dtype, T =>
            k::roi_align(args.simd, self.kernel, args.x::<T>(0), args.x(1), args.x(2), args.y(0)),
            [F32 f32, F64 f64]);
    }
}
