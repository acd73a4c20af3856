//! The weight layout of Cortex-M with vectors (MVE): the weights of an output channel are a row of bytes.
//!
//! Sixteen inputs of a row and sixteen weights are multiplied and added up by one instruction (VMLADAVA), and a loop of
//! the hardware masks what is behind the end of a row (DLSTP, LETP), so that nothing is filled up.
//!
//! | what | layout |
//! |---|---|
//! | weights | `[n][inputs]` bytes |
//! | parameters | `[n][2]`: bias, multiplier |
//! | depthwise weights | `[ceil(channels / 8)][taps][8]` bytes |
//! | depthwise parameters | `[ceil(channels / 8)][3][2][4]`: biases for all taps, biases, multipliers; even channels, odd |
//!
//! Depthwise convolutions take the zero point off each input at the border of the image; where all taps are inside, the
//! biases for all taps hold its products.

use crate::pack::pack_taps;

/// Rows of inputs that are multiplied at once, where there are several.
pub const ROWS: usize = 4;

/// Channels of a depthwise convolution that are computed side by side.
pub const EIGHT: usize = 8;

/// Parameters of eight channels of a depthwise convolution.
pub(crate) const DEPTHWISE: usize = 3 * EIGHT;

/// Bytes of scratch that the inputs of the positions of a convolution take, `k` of each.
#[inline(always)]
pub const fn scratch_len(k: usize) -> usize {
    k.saturating_mul(ROWS)
}

/// Packs biases, corrected for the zero point of the inputs, and multipliers.
pub fn pack_parameters(bias: &[i32], multiplier: &[i32], packed: &mut [i32]) {
    for ((bias, multiplier), packed) in bias.iter().zip(multiplier).zip(packed.as_chunks_mut().0) {
        *packed = [*bias, *multiplier];
    }
}

/// Bytes of depthwise weights.
#[inline(always)]
pub const fn depthwise_len(channels: usize, taps: usize) -> usize {
    channels.next_multiple_of(EIGHT).saturating_mul(taps)
}

/// Numbers in the parameters of a depthwise convolution.
#[inline(always)]
pub const fn depthwise_parameters_len(channels: usize) -> usize {
    channels.div_ceil(EIGHT).saturating_mul(DEPTHWISE)
}

/// Packs depthwise weights, of `[taps, channels]`: `weight(tap, channel)` is asked for those that exist.
pub fn pack_depthwise(shape: [usize; 2], weight: impl Fn(usize, usize) -> i8, packed: &mut [i8]) {
    pack_taps::<EIGHT>(shape, weight, packed);
}

/// Where a parameter of a channel of a depthwise convolution is: one of biases for all taps, biases, and multipliers.
#[inline(always)]
pub(crate) fn depthwise_parameter(kind: usize, channel: usize) -> usize {
    let (eight, lane) = (channel / EIGHT, channel % EIGHT);
    eight * DEPTHWISE + kind * EIGHT + lane % 2 * 4 + lane / 2
}

/// Packs the biases of a depthwise convolution, `corrected` for the zero point of the inputs and as they are, and its
/// multipliers.
pub fn pack_depthwise_parameters(corrected: &[i32], bias: &[i32], multiplier: &[i32], packed: &mut [i32]) {
    packed.fill(0);
    for (kind, numbers) in [corrected, bias, multiplier].into_iter().enumerate() {
        for (channel, number) in numbers.iter().enumerate() {
            if let Some(to) = packed.get_mut(depthwise_parameter(kind, channel)) {
                *to = *number;
            }
        }
    }
}
