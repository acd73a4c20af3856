use super::convolutions::axis;
use super::operands::{Operands, Place};
use super::random::Random;
use alloc::vec;
use alloc::vec::Vec;
use runtime_core::kernels::{
    DepthwiseConv2d, qlinear_depthwise_conv2d, qlinear_depthwise_conv2d_interleaved, qlinear_depthwise_conv2d_paired,
    qlinear_depthwise_conv2d_rows,
};
use runtime_core::pack::pack_depthwise;
use runtime_core::{Simd, interleaved, paired, rows};

/// Depthwise convolutions of every geometry.
pub(crate) fn depthwise_convolutions(place: &mut impl Place, rounds: usize) {
    let mut random = Random(3);
    for _ in 0..rounds {
        let [h, v] = [axis(&mut random), axis(&mut random)];
        let c = 1 + random.below(20);
        let layer = DepthwiseConv2d {
            batch: 1 + random.below(2),
            input: [h[0], v[0], c],
            output: [h[5], v[5], c],
            kernel: [h[1], v[1]],
            strides: [h[2], v[2]],
            dilations: [h[3], v[3]],
            pads: [h[4], v[4]],
            activation: random.requantize(),
        };
        let taps = h[1] * v[1];
        let (x, w) = (random.bytes(layer.batch * h[0] * v[0] * c), random.weights(c * taps));
        let (bias, multiplier) = (random.biases(c), random.multipliers(c, taps));
        let mut packed = vec![0; c * taps];
        pack_depthwise(c, h[1], v[1], &w, &mut packed);
        let outputs = layer.batch * h[5] * v[5] * c;
        let mut expected = vec![0_i8; outputs];
        let corrected: Vec<i32> = (0..c)
            .map(|c| {
                let sum: i32 = w[c * taps..(c + 1) * taps].iter().map(|w| i32::from(*w)).sum();
                bias[c] - layer.activation.outside * sum
            })
            .collect();
        qlinear_depthwise_conv2d(
            Simd::BASELINE,
            layer,
            &x,
            &packed,
            &corrected,
            &multiplier,
            &mut expected,
        );
        let mut bytes = vec![0; paired::depthwise_len(c, taps)];
        paired::pack_depthwise([taps, c], |tap, channel| w[channel * taps + tap], &mut bytes);
        let mut parameters = vec![0; c.div_ceil(4) * 8];
        paired::pack_depthwise_parameters(&bias, &multiplier, &mut parameters);
        let operands = Operands {
            x: &x,
            w: &bytes,
            parameters: &parameters,
            scratch: paired::depthwise_words(c, taps),
            patch: 0,
        };
        operands.check(place, &expected, |x, w, parameters, y, scratch, _: &mut [i8]| {
            qlinear_depthwise_conv2d_paired(Simd::detect(), &layer, x, w, parameters, y, scratch);
        });
        let mut bytes = vec![0; interleaved::depthwise_len(c, taps)];
        interleaved::pack_depthwise([taps, c], |tap, channel| w[channel * taps + tap], &mut bytes);
        let mut parameters = vec![0; interleaved::depthwise_parameters_len(c)];
        interleaved::pack_depthwise_parameters(&corrected, &bias, &multiplier, &mut parameters);
        let operands = Operands {
            x: &x,
            w: &bytes,
            parameters: &parameters,
            scratch: 0,
            patch: 0,
        };
        operands.check(place, &expected, |x, w, parameters, y, _, _| {
            qlinear_depthwise_conv2d_interleaved(Simd::detect(), &layer, x, w, parameters, y);
        });
        let mut bytes = vec![0; rows::depthwise_len(c, taps)];
        rows::pack_depthwise([taps, c], |tap, channel| w[channel * taps + tap], &mut bytes);
        let mut parameters = vec![0; rows::depthwise_parameters_len(c)];
        rows::pack_depthwise_parameters(&corrected, &bias, &multiplier, &mut parameters);
        let operands = Operands {
            x: &x,
            w: &bytes,
            parameters: &parameters,
            scratch: 0,
            patch: 0,
        };
        operands.check(place, &expected, |x, w, parameters, y, _, _| {
            qlinear_depthwise_conv2d_rows(Simd::detect(), &layer, x, w, parameters, y);
        });
    }
}
