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
