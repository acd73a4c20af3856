//! Operands of [`Arch::depthwise_row`](super::Arch::depthwise_row) and
//! [`Arch::depthwise_row_f32`](super::Arch::depthwise_row_f32).

use crate::requantize::Requantize;

/// One row of outputs of a depthwise convolution of 8-bit integers, channels-last.
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseRow<'a> {
    /// The image: height, width and channels.
    pub input: [usize; 3],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Input rows and columns between neighbouring outputs.
    pub strides: [usize; 2],
    /// Input rows and columns between neighbouring taps.
    pub dilations: [usize; 2],
    /// Rows outside of the image above it, and columns to its left.
    pub pads: [usize; 2],
    /// The row of outputs.
    pub oy: usize,
    /// Inputs, `[height, width, channels]`.
    pub x: &'a [i8],
    /// Weights, `[kernel height, kernel width, channels]`.
    pub w: &'a [i8],
    /// One number per channel.
    pub bias: &'a [i32],
    /// Multiplier of each channel.
    pub multipliers: &'a [i32],
    /// Applied to each sum; says what is outside of the image.
    pub requantize: Requantize,
}

/// One row of outputs of a depthwise convolution of floats, channels-last.
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseFloats<'a> {
    /// The image: height, width and channels.
    pub input: [usize; 3],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Input rows and columns between neighbouring outputs.
    pub strides: [usize; 2],
    /// Input rows and columns between neighbouring taps.
    pub dilations: [usize; 2],
    /// Rows outside of the image above it, and columns to its left.
    pub pads: [usize; 2],
    /// The row of outputs.
    pub oy: usize,
    /// Inputs, `[height, width, channels]`.
    pub x: &'a [f32],
    /// Weights, `[kernel height, kernel width, channels]`.
    pub w: &'a [f32],
    /// One number per channel.
    pub bias: &'a [f32],
}

impl DepthwiseFloats<'_> {
    /// Whether an instruction set may have something better than plain loops: kernels of three or five columns, one or
    /// two columns apart, of at least sixteen channels.
    #[inline(always)]
    pub const fn fits(&self) -> bool {
        matches!(self.kernel[1], 3 | 5)
            && matches!(self.strides[1], 1 | 2)
            && self.dilations[1] == 1
            && self.input[2] >= 16
    }
}
