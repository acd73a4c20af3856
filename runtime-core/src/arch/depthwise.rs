//! Operands of [`Arch::depthwise_row`](super::Arch::depthwise_row).

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
