//! The operands of the micro-kernels on the layout of [`paired`](crate::paired).

/// A product's weights: one group of output channels.
#[derive(Clone, Copy, Debug)]
pub struct PairedPanel<'a> {
    /// Weights, as packed by [`pack`](crate::paired::pack).
    pub w: &'a [u32],
    /// Biases and multipliers, as packed by [`pack_parameters`](crate::paired::pack_parameters).
    pub parameters: &'a [i32],
    /// Quads of inputs.
    pub quads: usize,
    /// Output channels.
    pub channels: usize,
    /// Zero point of the outputs.
    pub zero: i32,
}

/// The taps of a depthwise convolution that are inside of the image, for neighbouring positions that have the same
/// ones.
#[derive(Clone, Copy, Debug)]
pub struct PairedWindow<'a> {
    /// Inputs from the first of these taps on.
    pub x: &'a [i8],
    /// Channels.
    pub channels: usize,
    /// Inputs from a position to the next.
    pub x_step: usize,
    /// Weights from the first of these taps on, as packed by [`pack_depthwise`](crate::paired::pack_depthwise).
    pub w: &'a [u32],
    /// Biases and multipliers, as packed by [`pack_depthwise_parameters`](crate::paired::pack_depthwise_parameters).
    pub parameters: &'a [i32],
    /// Rows of taps.
    pub rows: usize,
    /// Taps of a row.
    pub taps: usize,
    /// Inputs from a tap to the next one of its row.
    pub tap_step: usize,
    /// Inputs from a row of taps to the next.
    pub row_step: usize,
    /// Words of weights from a row of taps to the next.
    pub weight_row: usize,
    /// Words of weights from four channels to the next four.
    pub weight_quad: usize,
    /// Zero point of the inputs.
    pub outside: i32,
    /// Zero point of the outputs.
    pub zero: i32,
}

/// Where the inputs of neighbouring positions of a convolution are, which are all inside of the image.
#[derive(Clone, Copy, Debug)]
pub struct Patches {
    /// Inputs from a position to the next.
    pub position_step: usize,
    /// Inputs from a row of taps to the next.
    pub row_step: usize,
    /// Inputs of a row of taps, one behind the other.
    pub bytes: usize,
    /// Rows of taps.
    pub rows: usize,
}
