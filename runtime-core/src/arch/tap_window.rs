//! The operands of the micro-kernels of depthwise convolutions.

/// The taps of a depthwise convolution that are inside of the image, for neighbouring positions that have the same
/// ones.
#[derive(Clone, Copy, Debug)]
pub struct TapWindow<'a, W> {
    /// Inputs from the first of these taps on.
    pub x: &'a [i8],
    /// Channels.
    pub channels: usize,
    /// Inputs from a position to the next.
    pub x_step: usize,
    /// Packed weights from the first of these taps on.
    pub w: &'a [W],
    /// Packed biases and multipliers.
    pub parameters: &'a [i32],
    /// Rows of taps.
    pub rows: usize,
    /// Taps of a row.
    pub taps: usize,
    /// Inputs from a tap to the next one of its row.
    pub tap_step: usize,
    /// Inputs from a row of taps to the next.
    pub row_step: usize,
    /// Weights from a row of taps to the next.
    pub weight_row: usize,
    /// Weights from four channels to the next four.
    pub weight_quad: usize,
    /// Whether these are all taps of the kernel.
    pub whole: bool,
    /// Zero point of the inputs.
    pub outside: i32,
    /// Zero point of the outputs.
    pub zero: i32,
}
