use super::generic::by_dtype;
use super::{HOST_RANK, padded};
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, Col2Im, Conv, DeformColumns, MaxPoolIndices};

/// Axes to which the host pads: all but the batch and the channels.
const AXES: usize = HOST_RANK - 2;

/// Windows that slide over any number of axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    /// Extents of what they slide over, or of what they are laid out in if they are taken apart.
    pub input: Vec<usize>,
    /// Extents of the result.
    pub output: Vec<usize>,
    /// Extents of a window.
    pub kernel: Vec<usize>,
    /// Steps from window to window.
    pub strides: Vec<usize>,
    /// Steps from element to element of a window.
    pub dilations: Vec<usize>,
    /// Elements by which the first window precedes what they slide over.
    pub pads: Vec<usize>,
}

impl Windows {
    /// The kernels' fields, with the names that a kernel gives to `input` and `output`.
    fn params(&self, input: &'static str, output: &'static str) -> Vec<(&'static str, Value)> {
        vec![
            (input, Value::ints(&self.input)),
            (output, Value::ints(&self.output)),
            ("kernel", Value::ints(&self.kernel)),
            ("strides", Value::ints(&self.strides)),
            ("dilations", Value::ints(&self.dilations)),
            ("pads", Value::ints(&self.pads)),
        ]
    }
}

fn int(value: usize) -> Value {
    Value::Int(value as i128)
}

/// `conv`: a convolution or a transposed one.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvCall {
    /// Number of images.
    pub batch: usize,
    /// Groups of channels.
    pub groups: usize,
    /// Channels of the input and of the output, in each group.
    pub channels: [usize; 2],
    /// Geometry.
    pub windows: Windows,
    /// Whether windows spread elements of the input over the output.
    pub transposed: bool,
    /// Element type.
    pub dtype: DType,
}

impl KernelCall for ConvCall {
    fn name(&self) -> &'static str {
        "conv"
    }

    fn params(&self) -> Value {
        let mut fields = vec![
            ("batch", int(self.batch)),
            ("groups", int(self.groups)),
            ("channels", Value::ints(&self.channels)),
        ];
        fields.extend(self.windows.params("input", "output"));
        fields.push(("transposed", Value::Bool(self.transposed)));
        Value::Struct("Conv", fields)
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.windows.kernel.len()]
    }

    fn execute(&self, args: &mut Args<'_>) {
        let layer = Conv::<AXES> {
            batch: self.batch,
            groups: self.groups,
            channels: self.channels,
            input: padded(&self.windows.input, 1),
            output: padded(&self.windows.output, 1),
            kernel: padded(&self.windows.kernel, 1),
            strides: padded(&self.windows.strides, 1),
            dilations: padded(&self.windows.dilations, 1),
            pads: padded(&self.windows.pads, 0),
            transposed: self.transposed,
        };
        by_dtype!(self.dtype, T => kernels::conv(args.simd, layer, args.x::<T>(0), args.x(1), args.x(2), args.y(0)),
            [F32 f32, F64 f64, I32 i32]);
    }
}

/// `col2im`: overlapping windows added up.
#[derive(Clone, Debug, PartialEq)]
pub struct Col2ImCall {
    /// Channels of all images.
    pub planes: usize,
    /// Geometry; the input is the windows.
    pub windows: Windows,
    /// Element type.
    pub dtype: DType,
}

impl KernelCall for Col2ImCall {
    fn name(&self) -> &'static str {
        "col2im"
    }

    fn params(&self) -> Value {
        let mut fields = vec![("planes", int(self.planes))];
        fields.extend(self.windows.params("windows", "image"));
        Value::Struct("Col2Im", fields)
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.windows.kernel.len()]
    }

    fn execute(&self, args: &mut Args<'_>) {
        let layer = Col2Im::<AXES> {
            planes: self.planes,
            windows: padded(&self.windows.input, 1),
            image: padded(&self.windows.output, 1),
            kernel: padded(&self.windows.kernel, 1),
            strides: padded(&self.windows.strides, 1),
            dilations: padded(&self.windows.dilations, 1),
            pads: padded(&self.windows.pads, 0),
        };
        by_dtype!(self.dtype, T => kernels::col2im(args.simd, layer, args.x::<T>(0), args.y(0)),
            [F32 f32, F64 f64, I64 i64]);
    }
}

/// `max_pool_indices`: the greatest element of each window and its index.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPoolIndicesCall {
    /// Channels of all images.
    pub planes: usize,
    /// Geometry.
    pub windows: Windows,
    /// What a step along each axis adds to an index.
    pub places: Vec<usize>,
    /// Element type.
    pub dtype: DType,
}

impl KernelCall for MaxPoolIndicesCall {
    fn name(&self) -> &'static str {
        "max_pool_indices"
    }

    fn params(&self) -> Value {
        let mut fields = vec![("planes", int(self.planes))];
        fields.extend(self.windows.params("input", "output"));
        fields.push(("places", Value::ints(&self.places)));
        Value::Struct("MaxPoolIndices", fields)
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.windows.kernel.len()]
    }

    fn execute(&self, args: &mut Args<'_>) {
        let layer = MaxPoolIndices::<AXES> {
            planes: self.planes,
            input: padded(&self.windows.input, 1),
            output: padded(&self.windows.output, 1),
            kernel: padded(&self.windows.kernel, 1),
            strides: padded(&self.windows.strides, 1),
            dilations: padded(&self.windows.dilations, 1),
            pads: padded(&self.windows.pads, 0),
            places: padded(&self.places, 0),
        };
        by_dtype!(self.dtype, T => kernels::max_pool_indices(args.simd, layer, args.x::<T>(0), args.y(0), args.y(1)),
            [F32 f32, F64 f64, I8 i8, U8 u8]);
    }
}

/// `deform_columns`: the elements of windows at places that are moved.
#[derive(Clone, Debug, PartialEq)]
pub struct DeformColumnsCall {
    /// Groups of channels that are moved alike, of all images.
    pub groups: usize,
    /// Channels of a group.
    pub channels: usize,
    /// Geometry; the output is the windows.
    pub windows: Windows,
    /// Element type.
    pub dtype: DType,
}

impl KernelCall for DeformColumnsCall {
    fn name(&self) -> &'static str {
        "deform_columns"
    }

    fn params(&self) -> Value {
        let mut fields = vec![
            ("groups", int(self.groups)),
            ("channels", int(self.channels)),
            ("axes", int(self.windows.kernel.len())),
        ];
        fields.extend(self.windows.params("input", "windows"));
        Value::Struct("DeformColumns", fields)
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.windows.kernel.len()]
    }

    fn execute(&self, args: &mut Args<'_>) {
        let layer = DeformColumns::<AXES> {
            groups: self.groups,
            channels: self.channels,
            axes: self.windows.kernel.len(),
            input: padded(&self.windows.input, 1),
            windows: padded(&self.windows.output, 1),
            kernel: padded(&self.windows.kernel, 1),
            strides: padded(&self.windows.strides, 1),
            dilations: padded(&self.windows.dilations, 1),
            pads: padded(&self.windows.pads, 0),
        };
        by_dtype!(self.dtype, T => kernels::deform_columns(args.simd, layer, args.x::<T>(0), args.x(1), args.y(0)),
            [F32 f32, F64 f64]);
    }
}
