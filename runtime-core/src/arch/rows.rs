//! The operands of the micro-kernels on the layout of [`rows`](crate::rows).

/// A product's weights: one group of output channels.
#[derive(Clone, Copy, Debug)]
pub struct RowsPanel<'a> {
    /// Weights: a row of `inputs` for each channel.
    pub w: &'a [i8],
    /// Biases and multipliers, as packed by [`pack_parameters`](crate::rows::pack_parameters).
    pub parameters: &'a [i32],
    /// Inputs.
    pub inputs: usize,
    /// Output channels.
    pub channels: usize,
    /// Zero point of the outputs.
    pub zero: i32,
}
