//! Kernels on weights in pairs of channels give the integers of the kernels on panels: random layers of every shape.

use runtime_core::Simd;
use runtime_core::kernels::{
    Conv2d, DepthwiseConv2d, Gemm, qlinear_conv2d, qlinear_conv2d_paired, qlinear_depthwise_conv2d,
    qlinear_depthwise_conv2d_paired, qlinear_gemm, qlinear_gemm_paired,
};
use runtime_core::pack::{pack_conv2d, pack_depthwise, pack_gemm, packed_conv2d_len, packed_gemm_len};
use runtime_core::paired::{self, Grouping};
use runtime_core::requantize::Requantize;

/// A small generator of numbers: the tests are the same on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as u32
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }

    fn byte(&mut self) -> i8 {
        match self.next() % 8 {
            0 => i8::MIN,
            1 => i8::MAX,
            _ => self.next() as i8,
        }
    }

    fn bytes(&mut self, len: usize) -> Vec<i8> {
        (0..len).map(|_| self.byte()).collect()
    }

    /// Weights of which all pairs fit: none is -128.
    fn weights(&mut self, len: usize) -> Vec<i8> {
        (0..len).map(|_| self.byte().max(-127)).collect()
    }

    fn biases(&mut self, len: usize) -> Vec<i32> {
        (0..len).map(|_| self.next() as i32 % 100_000).collect()
    }

    /// Multipliers that bring sums of `k` products to the range of the outputs; odd, so that no sum ends halfway.
    fn multipliers(&mut self, len: usize, k: usize) -> Vec<i32> {
        let most = (1 << 32) / (1 + 16 * k as u64);
        (0..len).map(|_| (self.next() as u64 % most) as i32 | 1).collect()
    }

    fn requantize(&mut self) -> Requantize {
        let limits = [(-128, 127), (-20, 127), (-128, 50), (3, 60)];
        let (min, max) = limits[self.below(4)];
        Requantize {
            shift: paired::SHIFT,
            zero: self.byte().into(),
            min,
            max,
            outside: self.byte().into(),
        }
    }
}

/// Packs weights `weight(group, input, channel)` of `groups` groups, with their parameters.
fn pack(
    groups: usize,
    [k, n]: [usize; 2],
    grouping: Grouping,
    (bias, multiplier): (&[i32], &[i32]),
    weight: impl Fn(usize, usize, usize) -> i8,
) -> (Vec<u32>, Vec<i32>) {
    let (mut w, mut parameters) = (vec![], vec![]);
    for group in 0..groups {
        let mut words = vec![0; paired::packed_words(k, n, grouping)];
        paired::pack(
            [k, n],
            grouping,
            |input, channel| weight(group, input, channel),
            &mut words,
        )
        .unwrap();
        for channel in 0..n {
            for input in 0..k {
                let unpacked = paired::unpack([k, n], grouping, &words, input, channel);
                assert_eq!(unpacked, weight(group, input, channel));
            }
        }
        let mut numbers = vec![0; paired::parameters_len(n, grouping)];
        let channels = group * n..(group + 1) * n;
        paired::pack_parameters(grouping, &bias[channels.clone()], &multiplier[channels], &mut numbers);
        w.extend(words);
        parameters.extend(numbers);
    }
    (w, parameters)
}

#[test]
fn products() {
    let mut random = Random(1);
    for _ in 0..300 {
        let [m, k, n] = [1 + random.below(5), 1 + random.below(40), 1 + random.below(13)];
        let layer = Gemm {
            m,
            k,
            n,
            activation: random.requantize(),
        };
        let (x, w) = (random.bytes(m * k), random.weights(k * n));
        let (bias, multiplier) = (random.biases(n), random.multipliers(n, k));
        let mut panels = vec![0; packed_gemm_len(k, n)];
        pack_gemm(k, n, &w, false, &mut panels);
        let (mut expected, mut y) = (vec![0_i8; m * n], vec![0; m * n]);
        qlinear_gemm(Simd::BASELINE, layer, &x, &panels, &bias, &multiplier, &mut expected);
        let grouping = if m == 1 { Grouping::TwoPairs } else { Grouping::Pairs };
        let (words, parameters) = pack(1, [k, n], grouping, (&bias, &multiplier), |_, k, c| w[k * n + c]);
        let mut scratch = vec![0; paired::scratch_words(k)];
        qlinear_gemm_paired(Simd::BASELINE, layer, &x, &words, &parameters, &mut y, &mut scratch);
        assert_eq!(y, expected, "{layer:?}");
    }
}

/// A geometry whose output has at least one position: input, kernel, strides, dilations, pads and output of an axis.
fn axis(random: &mut Random) -> [usize; 6] {
    let [kernel, stride, dilation] = [1 + random.below(5), 1 + random.below(3), 1 + random.below(2)];
    let pads = [random.below(3), random.below(3)];
    let input = 1 + random.below(9);
    match (input + pads[0] + pads[1]).checked_sub((kernel - 1) * dilation + 1) {
        Some(room) => [input, kernel, stride, dilation, pads[0], room / stride + 1],
        None => axis(random),
    }
}

#[test]
fn convolutions() {
    let mut random = Random(2);
    for _ in 0..300 {
        let [h, v] = [axis(&mut random), axis(&mut random)];
        let groups = 1 + random.below(3);
        let [channels, columns] = [[1, 2, 3, 5, 8, 16][random.below(6)], 1 + random.below(7)];
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
        let (mut expected, mut y) = (vec![0_i8; outputs], vec![0; outputs]);
        qlinear_conv2d(Simd::BASELINE, layer, &x, &panels, &bias, &multiplier, &mut expected);
        let weight = |group: usize, input: usize, channel: usize| {
            let (tap, input) = (input / channels, input % channels);
            w[((group * columns + channel) * channels + input) * taps + tap]
        };
        let (words, parameters) = pack(groups, [k, columns], Grouping::Pairs, (&bias, &multiplier), weight);
        let mut scratch = vec![0; paired::scratch_words(k)];
        let mut patch = vec![0; paired::patch_len(channels, k)];
        let simd = Simd::BASELINE;
        qlinear_conv2d_paired(simd, layer, &x, &words, &parameters, &mut y, &mut scratch, &mut patch);
        assert_eq!(y, expected, "{layer:?}");
    }
}

#[test]
fn depthwise_convolutions() {
    let mut random = Random(3);
    for _ in 0..300 {
        let [h, v] = [axis(&mut random), axis(&mut random)];
        let c = 1 + random.below(12);
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
        let (mut expected, mut y) = (vec![0_i8; outputs], vec![0; outputs]);
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
        let mut words = vec![0; paired::depthwise_words(c, taps)];
        paired::pack_depthwise([taps, c], |tap, channel| w[channel * taps + tap], &mut words);
        let mut parameters = vec![0; c.div_ceil(4) * 8];
        paired::pack_depthwise_parameters(&bias, &multiplier, &mut parameters);
        qlinear_depthwise_conv2d_paired(Simd::BASELINE, layer, &x, &words, &parameters, &mut y);
        assert_eq!(y, expected, "{layer:?}");
    }
}

#[test]
fn what_does_not_fit_is_told() {
    let pack = |a, b| paired::pack([1, 2], Grouping::Pairs, |_, channel| [b, a][channel], &mut [0; 4]);
    assert_eq!(pack(-128, -1), None);
    assert_eq!(pack(-128, 0), Some(()));
    assert_eq!(pack(127, 127), Some(()));
    assert!(paired::fits_upper((1 << 23) - 1) && !paired::fits_upper(1 << 23));
    assert!(paired::never_halfway(i32::MAX.into(), 5) && !paired::never_halfway(1 << 20, 1 << 11));
    assert!(paired::never_halfway((1 << 20) - 1, 1 << 11));
}
