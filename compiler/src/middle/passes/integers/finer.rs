//! Finer steps for the sums of a layer, so that they can count the fraction of a bias that is stored in floats.

use crate::ir::primitives::{QuantisedLayer, Quantization};

/// Part of a step of the output that the rounding of a bias may move it by without more ado.
const NOTICED: f64 = 1.0 / 256.0;
/// Part of a step that is fine enough where steps are made finer.
const FINE: f64 = 1.0 / 65536.0;
/// Bits that weights of 8 bits can be shifted by.
const MOST_BITS: u32 = 7;
/// Most weights of four bits that become 8 bits for it: their storage doubles.
const WIDENED: usize = 4096;

/// The layer of [`QuantisedLayer::new`] from the same arguments, with `bias` in steps of the sums. Where its rounding
/// would be noticed and the weights of a channel have bits to spare, those weights are doubled, repeatedly, and their
/// scale is halved: the numbers are the same, in finer steps. Layers of many weights that are stored in four bits stay
/// so.
pub(super) fn layer(
    (x, y): (&Quantization, &Quantization),
    weights: &mut Vec<i8>,
    channel: impl Fn(usize) -> usize + Copy,
    scales: &[f32],
    bias: &[f64],
    limits: (i32, i32),
) -> Option<QuantisedLayer> {
    let step = f64::from(x.single()?.0) / f64::from(y.single()?.0);
    let mut spare = vec![MOST_BITS; scales.len()];
    for (index, weight) in weights.iter().enumerate() {
        // `!` of a negative number is one less than its magnitude: -128 is of 8 bits, 128 is not.
        let magnitude = if *weight < 0 { !*weight } else { *weight };
        let spare = spare.get_mut(channel(index))?;
        *spare = (*spare).min(magnitude.leading_zeros() - 1);
    }
    let moved = |bias: f64, factor: f64| (bias - bias.round_ties_even()).abs() * factor;
    let channels = bias.iter().zip(scales).zip(&spare);
    let bits: Vec<u32> = channels
        .map(|((bias, scale), spare)| {
            let loss = |bits: u32| {
                moved(
                    bias * f64::from(1 << bits),
                    f64::from(*scale) * step / f64::from(1 << bits),
                )
            };
            let finer = (0..=*spare).find(|bits| loss(*bits) <= FINE).unwrap_or(*spare);
            if loss(0) > NOTICED { finer } else { 0 }
        })
        .collect();
    let is_four_bits = weights.iter().all(|weight| (-8..=7).contains(weight));
    if bits.iter().any(|bits| *bits > 0) && !(is_four_bits && weights.len() > WIDENED) {
        let shifted = weights.iter().enumerate();
        let shifted: Vec<i8> = shifted.map(|(i, weight)| weight << bits[channel(i)]).collect();
        let times = |bits: &u32| f64::from(1 << *bits);
        let scales: Vec<f32> = scales
            .iter()
            .zip(&bits)
            .map(|(s, bits)| s / times(bits) as f32)
            .collect();
        let bias: Vec<f64> = bias.iter().zip(&bits).map(|(b, bits)| b * times(bits)).collect();
        if let Some(layer) = QuantisedLayer::new((x, y), &shifted, channel, &scales, &bias, limits) {
            *weights = shifted;
            return Some(layer);
        }
    }
    QuantisedLayer::new((x, y), weights, channel, scales, bias, limits)
}

#[cfg(test)]
mod tests {
    use super::layer;
    use crate::ir::DType;
    use crate::ir::primitives::Quantization;

    /// The weights and biases of two channels from steps of 1/8 to steps of 1.
    fn of(weights: &[i8], bias: [f64; 2]) -> (Vec<i8>, Vec<f64>) {
        let (x, y) = (
            Quantization::uniform(DType::I8, 0.125, 3),
            Quantization::uniform(DType::I8, 1.0, 0),
        );
        let mut weights = weights.to_vec();
        let layer = layer((&x, &y), &mut weights, |i| i % 2, &[1.0, 1.0], &bias, (-128, 127));
        (weights, layer.unwrap().bias.to_f64())
    }

    #[test]
    fn weights_of_few_bits_are_doubled_until_the_fraction_of_the_bias_counts() {
        // The input's zero point 3 is taken off: 3 * 20 of the first channel's weights, and 3 * 2 of the second's.
        let (weights, bias) = of(&[-8, 3, 7, -1], [10.25, 7.0]);
        assert_eq!(
            (weights, bias),
            (vec![-32, 3, 28, -1], vec![41.0 - 3.0 * -4.0, 7.0 - 3.0 * 2.0])
        );
    }

    #[test]
    fn doubled_weights_fit_into_8_bits() {
        assert_eq!(of(&[64, 1, 0, 0], [0.3, 0.3]).0, [64, 64, 0, 0]);
        assert_eq!(of(&[-64, -1, 0, 0], [0.3, 0.3]).0, [-128, -128, 0, 0]);
        assert_eq!(of(&[-65, 0, 63, 0], [0.3, 0.3]).0, [-65, 0, 63, 0]);
    }

    #[test]
    fn fractions_that_move_little_change_no_weight() {
        assert_eq!(of(&[1, 1], [5.01, -3.0]).0, [1, 1]);
        // Two bits more of weights that are many and stored in four.
        assert_eq!(of(&[1; 4096], [0.25, 0.25]).0, [4; 4096]);
        assert_eq!(of(&[1; 4098], [0.25, 0.25]).0, [1; 4098]);
    }
}
