//! The operands of the micro-kernels on the layout of [`interleaved`](crate::interleaved).

/// A product's weights: one group of output channels.
#[derive(Clone, Copy, Debug)]
pub struct InterleavedPanel<'a> {
    /// Weights, as packed by [`pack`](crate::interleaved::pack).
    pub w: &'a [u8],
    /// Biases and multipliers, as packed by [`pack_parameters`](crate::interleaved::pack_parameters).
    pub parameters: &'a [i32],
    /// Inputs, filled up to fours.
    pub inputs: usize,
    /// Output channels.
    pub channels: usize,
    /// Zero point of the outputs.
    pub zero: i32,
}
