//! The weight layout of Cortex-M with the DSP extension: two output channels in a halfword.
//!
//! Weights `a` and `b` of two channels are stored as `256 * a + b`, which takes the two bytes that they take as they
//! are. SMLAD with such a word adds up `256 * A + B`, where `A` and `B` are the sums of the two channels; with the low
//! bytes alone it adds up `B`. So one instruction of widening serves two channels, and two instructions of products
//! serve four inputs.
//!
//! | layout | words, of depthwise weights bytes | parameters |
//! |---|---|---|
//! | a product of several rows | `[groups][pairs][quads][2]` | `[groups][pairs][4]` |
//! | a product of one row | `[ceil(pairs / 2)][quads][2][2]` | `[ceil(pairs / 2)][8]` |
//! | depthwise | `[ceil(channels / 4)][taps][4]` | `[ceil(channels / 4)][8]` |
//!
//! A quad is four inputs: its first word holds inputs 0 and 2, the second 1 and 3, each as a pair of channels. Inputs
//! are filled up with zeros to an even number of quads, channels to whole pairs, or groups of two pairs. The parameters
//! of a pair are `256 * bias_a + bias_b`, `bias_b`, and the multipliers of `b` and `a`; those of a group are both
//! pairs' biases and then both pairs' multipliers. Depthwise weights are bytes, which the kernel widens once for all
//! positions: channels 0 and 2 of a tap into its first word of scratch, 1 and 3 into the second. The parameters of four
//! channels are their biases and their multipliers.

/// How a product's pairs of channels are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Pair by pair: for several rows.
    Pairs,
    /// Two pairs side by side: for one row.
    TwoPairs,
}

impl Grouping {
    /// Channels that are multiplied side by side.
    #[inline(always)]
    pub const fn channels(self) -> usize {
        match self {
            Self::Pairs => 2,
            Self::TwoPairs => 4,
        }
    }
}

/// Quads of four inputs that `k` inputs are filled up to: an even number.
#[inline(always)]
pub const fn quads(k: usize) -> usize {
    2 * k.div_ceil(8)
}

/// Rows of inputs that are multiplied at once, where there are several.
pub const ROWS: usize = 3;

/// Words of a quad of inputs in the scratch of such rows: two of each row.
pub(crate) const STEP: usize = 2 * ROWS;

/// Words of scratch that a product of `rows` rows of depth `k` takes: those that are multiplied at once, as halfwords.
#[inline(always)]
pub const fn scratch_words(k: usize, rows: usize) -> usize {
    quads(k).saturating_mul(if rows == 1 { 2 } else { STEP })
}

/// Numbers that the inputs of a position are collected in, `k` of them, of `channels` per group, filled up to eights:
/// none where eights of channels can be widened where they are.
#[inline(always)]
pub const fn patch_len(channels: usize, k: usize) -> usize {
    if channels.is_multiple_of(8) {
        0
    } else {
        k.next_multiple_of(8)
    }
}

/// Words of the weights of one group of `n` channels by `k` inputs.
#[inline(always)]
pub const fn packed_words(k: usize, n: usize, grouping: Grouping) -> usize {
    n.div_ceil(grouping.channels())
        .saturating_mul(grouping.channels())
        .saturating_mul(quads(k))
}

/// Numbers in the parameters of one group of `n` channels.
#[inline(always)]
pub const fn parameters_len(n: usize, grouping: Grouping) -> usize {
    n.div_ceil(grouping.channels()).saturating_mul(2 * grouping.channels())
}

/// Bytes of depthwise weights.
#[inline(always)]
pub const fn depthwise_len(channels: usize, taps: usize) -> usize {
    channels.div_ceil(4).saturating_mul(4).saturating_mul(taps)
}

/// Words of scratch that depthwise weights take as halfwords.
#[inline(always)]
pub const fn depthwise_words(channels: usize, taps: usize) -> usize {
    channels.div_ceil(4).saturating_mul(2).saturating_mul(taps)
}

/// Two halfwords in a word, the first in the low half.
#[inline(always)]
fn word(low: i32, high: i32) -> u32 {
    low as u16 as u32 | (high as u16 as u32) << 16
}

/// One of the two halfwords of a word.
#[inline(always)]
pub(crate) fn half(word: u32, index: usize) -> i32 {
    i32::from((word >> (16 * index)) as u16 as i16)
}

/// Two channels as one number; `None` where it does not fit into 16 bits.
#[inline(always)]
fn pair(a: i8, b: i8) -> Option<i32> {
    let both = 256 * i32::from(a) + i32::from(b);
    i16::try_from(both).is_ok().then_some(both)
}

/// Packs the weights of one group of `n` channels by `k` inputs: `weight(input, channel)` is asked for those that
/// exist. `None` if a weight of -128 stands beside a negative one of the next channel below.
pub fn pack(
    [k, n]: [usize; 2],
    grouping: Grouping,
    weight: impl Fn(usize, usize) -> i8,
    packed: &mut [u32],
) -> Option<()> {
    let or_zero = |input: usize, channel: usize| {
        if input < k && channel < n {
            weight(input, channel)
        } else {
            0
        }
    };
    let width = grouping.channels();
    let mut words = packed.iter_mut();
    for first in (0..n).step_by(width) {
        for quad in 0..quads(k) {
            for channel in (first..first + width).step_by(2) {
                for odd in 0..2 {
                    let input = 4 * quad + odd;
                    let low = pair(or_zero(input, channel + 1), or_zero(input, channel))?;
                    let high = pair(or_zero(input + 2, channel + 1), or_zero(input + 2, channel))?;
                    *words.next()? = word(low, high);
                }
            }
        }
    }
    Some(())
}

/// The weight of one input and channel that [`pack`] packed; 0 outside of `packed`.
pub fn unpack([k, _]: [usize; 2], grouping: Grouping, packed: &[u32], input: usize, channel: usize) -> i8 {
    let width = grouping.channels();
    let (quad, place) = (input / 4, input % 4);
    let at = ((channel / width * quads(k) + quad) * width / 2 + channel % width / 2) * 2 + place % 2;
    let both = half(packed.get(at).copied().unwrap_or_default(), place / 2);
    let b = both as i8;
    if channel.is_multiple_of(2) {
        b
    } else {
        ((both - i32::from(b)) >> 8) as i8
    }
}

/// Packs biases, corrected for the zero point of the inputs, and multipliers of one group of channels.
pub fn pack_parameters(grouping: Grouping, bias: &[i32], multiplier: &[i32], packed: &mut [i32]) {
    let width = grouping.channels();
    let at = |numbers: &[i32], channel: usize| numbers.get(channel).copied().unwrap_or_default();
    for (index, packed) in packed.chunks_exact_mut(2 * width).enumerate() {
        let (biases, multipliers) = packed.split_at_mut(width);
        for offset in (0..width).step_by(2) {
            let channel = index * width + offset;
            let (b, a) = (at(bias, channel), at(bias, channel + 1));
            if let Some([both, low]) = biases.get_mut(offset..offset + 2) {
                (*both, *low) = (a.wrapping_mul(256).wrapping_add(b), b);
            }
        }
        for (offset, to) in multipliers.iter_mut().enumerate() {
            *to = at(multiplier, index * width + offset);
        }
    }
}

/// Packs depthwise weights: `weight(tap, channel)` is asked for those that exist.
pub fn pack_depthwise([taps, channels]: [usize; 2], weight: impl Fn(usize, usize) -> i8, packed: &mut [i8]) {
    let mut bytes = packed.iter_mut();
    for first in (0..channels).step_by(4) {
        for tap in 0..taps {
            for channel in first..first + 4 {
                let Some(to) = bytes.next() else { return };
                *to = if channel < channels { weight(tap, channel) } else { 0 };
            }
        }
    }
}

/// Packs the biases of a depthwise convolution, not corrected for the zero point of the inputs, and its multipliers.
pub fn pack_depthwise_parameters(bias: &[i32], multiplier: &[i32], packed: &mut [i32]) {
    let at = |numbers: &[i32], channel: usize| numbers.get(channel).copied().unwrap_or_default();
    for (index, packed) in packed.chunks_exact_mut(8).enumerate() {
        for (offset, to) in packed.iter_mut().enumerate() {
            let channel = 4 * index + offset % 4;
            *to = at(if offset < 4 { bias } else { multiplier }, channel);
        }
    }
}

/// Whether sums of one channel may be as large as `greatest` in the upper half of a pair: they have 24 bits.
pub const fn fits_upper(greatest: i64) -> bool {
    greatest < 1 << 23
}
