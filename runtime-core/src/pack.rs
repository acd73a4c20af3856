//! The weight layouts that the matrix kernels read, and the functions that make them.
//!
//! A panel is sixteen output channels: for each input number its sixteen weights, one after the other. The last panel
//! of a group is filled up with zeros. Lengths that do not fit leave the rest of `packed` as it was.

use crate::Element;
use crate::packed::half_byte;

/// Output channels of a panel.
pub const PANEL: usize = 16;

/// Numbers in the packed weights of a convolution.
#[inline(always)]
pub const fn packed_conv2d_len(groups: usize, oc: usize, kh: usize, kw: usize, ic_per_group: usize) -> usize {
    let Some(oc_per_group) = oc.checked_div(groups) else {
        return 0;
    };
    groups
        .saturating_mul(oc_per_group.div_ceil(PANEL))
        .saturating_mul(kh)
        .saturating_mul(kw)
        .saturating_mul(ic_per_group)
        .saturating_mul(PANEL)
}

/// Numbers in the packed weights of a matrix product of depth `k` and width `n`.
#[inline(always)]
pub const fn packed_gemm_len(k: usize, n: usize) -> usize {
    packed_conv2d_len(1, n, 1, 1, k)
}

/// Fills `packed`, which is `[groups][ceil(oc_per_group / 16)][taps][inputs][16]`, with
/// `w[source(group, output, tap, input)]`.
fn pack<T: Element + Default>(
    [groups, oc_per_group, taps, inputs]: [usize; 4],
    w: &[T],
    packed: &mut [T],
    source: impl Fn(usize, usize, usize, usize) -> usize,
) {
    let mut lanes = packed.chunks_exact_mut(PANEL);
    for group in 0..groups {
        for panel in 0..oc_per_group.div_ceil(PANEL) {
            for tap in 0..taps {
                for input in 0..inputs {
                    let Some(lanes) = lanes.next() else { return };
                    for (lane, to) in lanes.iter_mut().enumerate() {
                        let output = panel * PANEL + lane;
                        let inside = output < oc_per_group;
                        let from = if inside {
                            w.get(source(group, output, tap, input))
                        } else {
                            None
                        };
                        *to = from.copied().unwrap_or_default();
                    }
                }
            }
        }
    }
}

/// Packs ONNX `Conv` weights `[oc, ic_per_group, kh, kw]` as `[groups][ceil(oc / groups /
/// 16)][kh][kw][ic_per_group][16]`.
pub fn pack_conv2d<T: Element + Default>(
    groups: usize,
    oc: usize,
    kh: usize,
    kw: usize,
    ic_per_group: usize,
    oihw: &[T],
    packed: &mut [T],
) {
    debug_assert_eq!(packed.len(), packed_conv2d_len(groups, oc, kh, kw, ic_per_group));
    let Some(oc_per_group) = oc.checked_div(groups) else {
        return;
    };
    let taps = kh * kw;
    debug_assert_eq!(oihw.len(), oc * ic_per_group * taps);
    pack(
        [groups, oc_per_group, taps, ic_per_group],
        oihw,
        packed,
        |group, output, tap, input| ((group * oc_per_group + output) * ic_per_group + input) * taps + tap,
    );
}

/// Packs ONNX `ConvTranspose` weights `[groups * ic_per_group, oc / groups, kh, kw]` as
/// `[groups][ceil(oc / groups / 16)][kh][kw][ic_per_group][16]`, [`packed_conv2d_len`] numbers.
pub fn pack_conv_transpose2d<T: Element + Default>(
    groups: usize,
    oc: usize,
    kh: usize,
    kw: usize,
    ic_per_group: usize,
    iohw: &[T],
    packed: &mut [T],
) {
    debug_assert_eq!(packed.len(), packed_conv2d_len(groups, oc, kh, kw, ic_per_group));
    let Some(oc_per_group) = oc.checked_div(groups) else {
        return;
    };
    let taps = kh * kw;
    debug_assert_eq!(iohw.len(), oc * ic_per_group * taps);
    pack(
        [groups, oc_per_group, taps, ic_per_group],
        iohw,
        packed,
        |group, output, tap, input| ((group * ic_per_group + input) * oc_per_group + output) * taps + tap,
    );
}

/// Packs depthwise ONNX `Conv` weights `[channels, 1, kh, kw]` as `[kh][kw][channels]`.
pub fn pack_depthwise<T: Element>(channels: usize, kh: usize, kw: usize, c1hw: &[T], packed: &mut [T]) {
    debug_assert_eq!(packed.len(), channels * kh * kw);
    debug_assert_eq!(c1hw.len(), channels * kh * kw);
    let mut to = packed.iter_mut();
    for tap in 0..kh * kw {
        for channel in 0..channels {
            let (Some(to), Some(from)) = (to.next(), c1hw.get(channel * kh * kw + tap)) else {
                return;
            };
            *to = *from;
        }
    }
}

/// Packs depthwise weights as `[ceil(channels / WIDTH)][taps][WIDTH]`, filled up with zeros: `weight(tap, channel)` is
/// asked for those that exist.
pub(crate) fn pack_taps<const WIDTH: usize>(
    [taps, channels]: [usize; 2],
    weight: impl Fn(usize, usize) -> i8,
    packed: &mut [i8],
) {
    let places = (0..channels)
        .step_by(WIDTH)
        .flat_map(|first| (0..taps).flat_map(move |tap| (first..first + WIDTH).map(move |channel| (tap, channel))));
    for (to, (tap, channel)) in packed.iter_mut().zip(places) {
        *to = if channel < channels { weight(tap, channel) } else { 0 };
    }
}

/// Packs a matrix `[k, n]`, or `[n, k]` if `transposed`, as `[ceil(n / 16)][k][16]`.
pub fn pack_gemm<T: Element + Default>(k: usize, n: usize, w: &[T], transposed: bool, packed: &mut [T]) {
    debug_assert_eq!(packed.len(), packed_gemm_len(k, n));
    debug_assert_eq!(w.len(), k * n);
    let (row, column) = if transposed { (1, k) } else { (n, 1) };
    pack([1, n, 1, k], w, packed, |_, output, _, input| {
        input * row + output * column
    });
}

/// Packs weights of four bits, -8 to 7, two to a byte: of each pair the first in the low bits. `packed` has half as
/// many bytes, rounded up. Any of the layouts above can be packed so.
pub fn pack_pairs(w: &[i8], packed: &mut [u8]) {
    debug_assert_eq!(packed.len(), w.len().div_ceil(2));
    for (to, pair) in packed.iter_mut().zip(w.chunks(2)) {
        let bits = |index| pair.get(index).map_or(0, |w: &i8| *w as u8 & 15);
        *to = bits(0) | bits(1) << 4;
    }
}

/// The weights that [`pack_pairs`] packed; as many as `w` has room for.
pub fn unpack_pairs(packed: &[u8], w: &mut [i8]) {
    for (pair, byte) in w.chunks_mut(2).zip(packed) {
        for (index, to) in pair.iter_mut().enumerate() {
            *to = half_byte(*byte, index);
        }
    }
}
