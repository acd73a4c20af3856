use super::operands::{Operands, Place};
use super::packing::{interleave, pack, row_parameters};
use super::random::Random;
use alloc::vec;
use alloc::vec::Vec;
use runtime_core::kernels::{
    Conv2d, qlinear_conv2d, qlinear_conv2d_interleaved, qlinear_conv2d_paired, qlinear_conv2d_rows,
};
use runtime_core::pack::{pack_conv2d, packed_conv2d_len};
use runtime_core::paired::{self, Grouping};
use runtime_core::{Simd, interleaved, rows};

/// A geometry whose output has at least one position: input, kernel, strides, dilations, pads and output of an axis.
pub(super) fn axis(random: &mut Random) -> [usize; 6] {
    let [kernel, stride, dilation] = [1 + random.below(5), 1 + random.below(3), 1 + random.below(2)];
    let pads = [random.below(3), random.below(3)];
    let input = 1 + random.below(9);
    match (input + pads[0] + pads[1]).checked_sub((kernel - 1) * dilation + 1) {
        Some(room) => [input, kernel, stride, dilation, pads[0], room / stride + 1],
        None => axis(random),
    }
}

/// Convolutions of every geometry.
pub(crate) fn convolutions(place: &mut impl Place, rounds: usize) {
    let mut random = Random(2);
    for _ in 0..rounds {
        let [h, v] = [axis(&mut random), axis(&mut random)];
        let groups = 1 + random.below(3);
        let [channels, columns] = [[1, 2, 3, 4, 5, 8, 12, 16][random.below(8)], 1 + random.below(18)];
        let [ic, oc] = [groups * channels, groups * columns];
        let layer = Conv2d {
            batch: 1 + random.below(2),
            input: [h[0], v[0], ic],
            output: [h[5], v[5], oc],
            kernel: [h[1], v[1]],
            strides: [h[2], v[2]],
            dilations: [h[3], v[3]],
            pads: [h[4], v[4]],
            groups,
            activation: random.requantize(),
        };
        let taps = h[1] * v[1];
        let k = taps * channels;
        let (x, w) = (random.bytes(layer.batch * h[0] * v[0] * ic), random.weights(oc * k));
        let (bias, multiplier) = (random.biases(oc), random.multipliers(oc, k));
        let mut panels = vec![0; packed_conv2d_len(groups, oc, h[1], v[1], channels)];
        pack_conv2d(groups, oc, h[1], v[1], channels, &w, &mut panels);
        let outputs = layer.batch * h[5] * v[5] * oc;
        let mut expected = vec![0_i8; outputs];
        qlinear_conv2d(Simd::BASELINE, layer, &x, &panels, &bias, &multiplier, &mut expected);
        let weight = |group: usize, input: usize, channel: usize| {
            let (tap, input) = (input / channels, input % channels);
            w[((group * columns + channel) * channels + input) * taps + tap]
        };
        let (words, parameters) = pack(groups, [k, columns], Grouping::Pairs, (&bias, &multiplier), weight);
        let operands = Operands {
            x: &x,
            w: &words,
            parameters: &parameters,
            scratch: paired::scratch_words(k, paired::ROWS),
            patch: paired::patch_len(channels, k),
        };
        operands.check(place, &expected, |x, w, parameters, y, scratch, patch| {
            qlinear_conv2d_paired(Simd::detect(), &layer, x, w, parameters, y, scratch, patch);
        });
        let (bytes, parameters) = interleave(groups, [k, columns], (&bias, &multiplier), weight);
        let operands = Operands {
            x: &x,
            w: &bytes,
            parameters: &parameters,
            scratch: interleaved::scratch_words(k),
            patch: 0,
        };
        operands.check(place, &expected, |x, w, parameters, y, scratch, _| {
            qlinear_conv2d_interleaved(Simd::detect(), &layer, x, w, parameters, y, scratch);
        });
        let rows: Vec<i8> = (0..oc * k)
            .map(|at| weight(at / k / columns, at % k, at / k % columns))
            .collect();
        let operands = Operands {
            x: &x,
            w: &rows,
            parameters: &row_parameters(&bias, &multiplier),
            scratch: 0,
            patch: rows::scratch_len(k),
        };
        operands.check(place, &expected, |x, w, parameters, y, _, patch| {
            qlinear_conv2d_rows(Simd::detect(), &layer, x, w, parameters, y, patch);
        });
    }
}
