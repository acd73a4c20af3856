//! Channels whose weights add nothing that could be seen: what is left of them is their bias.

use crate::ir::primitives::Quantization;

/// Greatest bias of a channel without weights, in steps of its sums.
const FREE_BIAS: f64 = (1 << 24) as f64;

/// Part of a step of the output that all weights of a channel together must reach to count: training with weight decay
/// leaves channels of some 1e-30, in whose steps no bias can be counted.
const NEGLIGIBLE: f64 = 1.0 / (1 << 20) as f64;

/// Zeroes the weights of a layer from `x` to `y` that add nothing, and gives their channels scales in which their
/// biases can be counted. Weight `i` stands for `weights[i]` times `scales[channel(i)]`.
pub(super) fn clear(
    (x, y): (&Quantization, &Quantization),
    weights: &mut [i8],
    channel: impl Fn(usize) -> usize,
    scales: &mut [f32],
    bias: &[f64],
) {
    let x_scale = f64::from(x.scales[0]);
    let reach = f64::from(Quantization::range(x.dtype).map_or(0, |(min, _)| min.unsigned_abs()) * 2);
    let mut sizes = vec![0.0; scales.len()];
    for (index, weight) in weights.iter().enumerate() {
        sizes[channel(index)] += f64::from(weight.unsigned_abs()) * reach;
    }
    let least = f64::from(y.scales[0]) * NEGLIGIBLE;
    let sized = sizes.iter().zip(&*scales);
    let empty: Vec<bool> = sized.map(|(size, w)| size * x_scale * f64::from(*w) < least).collect();
    for (index, weight) in weights.iter_mut().enumerate() {
        if empty[channel(index)] {
            *weight = 0;
        }
    }
    for (channel, bias) in bias.iter().enumerate() {
        if empty[channel] {
            scales[channel] = scales[channel].max((bias.abs() / (x_scale * FREE_BIAS)) as f32);
        }
    }
}
