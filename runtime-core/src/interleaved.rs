//! The weight layout of small cores without vectors or DSP instructions (Cortex-M0 to M3, RV32): four output channels
//! side by side, each weight a byte by itself.
//!
//! Such a core loads one number and multiplies one number at a time. Inputs are widened to words once, so that several
//! of them load at once and a weight is loaded for five rows of inputs. Weights are stored plus 128, as the unsigned
//! bytes that every core loads in one instruction; the products of 128 and the inputs are taken off the sums again.
//!
//! | what | layout |
//! |---|---|
//! | weights | `[ceil(n / 4)][inputs][4]` bytes, each plus 128 |
//! | parameters | `[ceil(n / 4)][8]`: four biases, four multipliers |
//! | depthwise weights | `[ceil(channels / 4)][taps][4]` bytes, as they are |
//! | depthwise parameters | `[ceil(channels / 4)][12]`: biases for all taps, biases, multipliers |
//! | scratch of several rows | `[inputs][5]` words: an input of every row |
//! | scratch of one row | words of up to [`CHUNK`] inputs at a time, then sums of up to [`BLOCK`] channels |
//!
//! Inputs are filled up to fours with zeros, channels with weights of zero. Depthwise convolutions take the zero point
//! off each input at the border of the image; where all taps are inside, the biases for all taps hold its products.

use crate::pack::pack_taps;

/// Output channels that are stored side by side.
pub const WIDTH: usize = 4;

/// Rows of inputs that are multiplied at once, where there are several.
pub const ROWS: usize = 5;

/// Added to every weight.
pub(crate) const OFFSET: i32 = 128;

/// Inputs that `k` are filled up to.
#[inline(always)]
pub const fn inputs(k: usize) -> usize {
    k.next_multiple_of(4)
}

/// Inputs of one row that are widened at a time.
pub const CHUNK: usize = 256;

/// Channels whose sums are kept while the chunks of a row are multiplied.
pub const BLOCK: usize = 64;

/// Words of scratch that a product of several rows of depth `k` takes: those that are multiplied at once.
#[inline(always)]
pub const fn scratch_words(k: usize) -> usize {
    inputs(k).saturating_mul(ROWS)
}

/// Words of scratch that a product of one row of depth `k` by `n` channels takes: inputs, and sums.
#[inline(always)]
pub const fn scratch_of_row(k: usize, n: usize) -> [usize; 2] {
    let (inputs, channels) = (inputs(k), n.next_multiple_of(WIDTH));
    [
        if inputs < CHUNK { inputs } else { CHUNK },
        if channels < BLOCK { channels } else { BLOCK },
    ]
}

/// Bytes of the weights of one group of `n` channels by `k` inputs.
#[inline(always)]
pub const fn packed_len(k: usize, n: usize) -> usize {
    n.div_ceil(WIDTH).saturating_mul(WIDTH).saturating_mul(inputs(k))
}

/// Numbers in the parameters of one group of `n` channels.
#[inline(always)]
pub const fn parameters_len(n: usize) -> usize {
    n.div_ceil(WIDTH).saturating_mul(2 * WIDTH)
}

/// Packs the weights of one group of `n` channels by `k` inputs: `weight(input, channel)` is asked for those that
/// exist.
pub fn pack([k, n]: [usize; 2], weight: impl Fn(usize, usize) -> i8, packed: &mut [u8]) {
    let places = (0..n).step_by(WIDTH).flat_map(|first| {
        (0..inputs(k)).flat_map(move |input| (first..first + WIDTH).map(move |channel| (input, channel)))
    });
    for (to, (input, channel)) in packed.iter_mut().zip(places) {
        let weight = if input < k && channel < n {
            weight(input, channel)
        } else {
            0
        };
        *to = (i32::from(weight) + OFFSET) as u8;
    }
}

/// The weight of one input and channel that [`pack`] packed; 0 outside of `packed`.
#[inline(always)]
pub fn unpack(k: usize, packed: &[u8], input: usize, channel: usize) -> i8 {
    let at = (channel / WIDTH * inputs(k) + input) * WIDTH + channel % WIDTH;
    let stored = packed.get(at).copied().map_or(OFFSET, i32::from);
    (stored - OFFSET) as i8
}

/// Packs biases, corrected for the zero point of the inputs, and multipliers of one group of channels.
pub fn pack_parameters(bias: &[i32], multiplier: &[i32], packed: &mut [i32]) {
    let at = |numbers: &[i32], channel: usize| numbers.get(channel).copied().unwrap_or_default();
    for (index, packed) in packed.chunks_exact_mut(2 * WIDTH).enumerate() {
        for (offset, to) in packed.iter_mut().enumerate() {
            let channel = WIDTH * index + offset % WIDTH;
            *to = at(if offset < WIDTH { bias } else { multiplier }, channel);
        }
    }
}

/// Bytes of depthwise weights.
#[inline(always)]
pub const fn depthwise_len(channels: usize, taps: usize) -> usize {
    channels.div_ceil(WIDTH).saturating_mul(WIDTH).saturating_mul(taps)
}

/// Numbers in the parameters of a depthwise convolution.
#[inline(always)]
pub const fn depthwise_parameters_len(channels: usize) -> usize {
    channels.div_ceil(WIDTH).saturating_mul(DEPTHWISE)
}

/// Parameters of four channels of a depthwise convolution.
pub(crate) const DEPTHWISE: usize = 3 * WIDTH;

/// Packs depthwise weights, of `[taps, channels]`: `weight(tap, channel)` is asked for those that exist.
pub fn pack_depthwise(shape: [usize; 2], weight: impl Fn(usize, usize) -> i8, packed: &mut [i8]) {
    pack_taps::<WIDTH>(shape, weight, packed);
}

/// Packs the biases of a depthwise convolution, `corrected` for the zero point of the inputs and as they are, and its
/// multipliers.
pub fn pack_depthwise_parameters(corrected: &[i32], bias: &[i32], multiplier: &[i32], packed: &mut [i32]) {
    let at = |numbers: &[i32], channel: usize| numbers.get(channel).copied().unwrap_or_default();
    for (index, packed) in packed.chunks_exact_mut(DEPTHWISE).enumerate() {
        for (numbers, packed) in [corrected, bias, multiplier]
            .iter()
            .zip(packed.as_chunks_mut::<WIDTH>().0)
        {
            for (offset, to) in packed.iter_mut().enumerate() {
                *to = at(numbers, WIDTH * index + offset);
            }
        }
    }
}
