//! Random layers of every shape: kernels on weights in pairs of channels give the integers of the kernels on panels,
//! and touch nothing but their operands. They run on this machine and, in an emulator, on a Cortex-M.

extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;
use runtime_core::Simd;
use runtime_core::interleaved;
use runtime_core::kernels::{
    Conv2d, DepthwiseConv2d, Gemm, QlinearAdd, qlinear_add, qlinear_add_in_place, qlinear_conv2d,
    qlinear_conv2d_interleaved, qlinear_conv2d_paired, qlinear_conv2d_rows, qlinear_depthwise_conv2d,
    qlinear_depthwise_conv2d_interleaved, qlinear_depthwise_conv2d_paired, qlinear_depthwise_conv2d_rows, qlinear_gemm,
    qlinear_gemm_interleaved, qlinear_gemm_paired, qlinear_gemm_rows,
};
use runtime_core::pack::{pack_conv2d, pack_depthwise, pack_gemm, packed_conv2d_len, packed_gemm_len};
use runtime_core::paired::{self, Grouping};
use runtime_core::requantize::Requantize;
use runtime_core::rows;
use runtime_core::upper_word::SHIFT;

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
            shift: SHIFT,
            zero: self.byte().into(),
            min,
            max,
            outside: self.byte().into(),
        }
    }
}

/// Puts copies of elements where nothing may be read or written after them.
pub(crate) trait Place {
    /// The same elements, with the end of memory behind them where there is one.
    fn at_end<'a, T: Copy + 'a>(&'a mut self, elements: &'a mut [T]) -> &'a mut [T];
}

/// The operands of a kernel except its output.
struct Operands<'a, W> {
    x: &'a [i8],
    w: &'a [W],
    parameters: &'a [i32],
    /// Words and numbers that the kernel needs beside them.
    scratch: usize,
    patch: usize,
}

/// What lies around an output.
const CANARY: i8 = 0x55;
const MARGIN: usize = 16;

impl<W: Copy> Operands<'_, W> {
    /// Runs a kernel with each operand in turn at the end of memory, and compares its outputs and what lies around
    /// them.
    fn check(
        &self,
        place: &mut impl Place,
        expected: &[i8],
        kernel: impl Fn(&[i8], &[W], &[i32], &mut [i8], &mut [u32], &mut [i8]),
    ) {
        for last in 0..6 {
            let (mut x, mut w, mut parameters) = (self.x.to_vec(), self.w.to_vec(), self.parameters.to_vec());
            let (mut scratch, mut patch) = (vec![0x5555_5555; self.scratch], vec![CANARY; self.patch]);
            let mut around = vec![CANARY; expected.len() + 2 * MARGIN];
            let y = &mut around[MARGIN..MARGIN + expected.len()];
            match last {
                0 => kernel(place.at_end(&mut x), &w, &parameters, y, &mut scratch, &mut patch),
                1 => kernel(&x, place.at_end(&mut w), &parameters, y, &mut scratch, &mut patch),
                2 => kernel(&x, &w, place.at_end(&mut parameters), y, &mut scratch, &mut patch),
                3 => kernel(&x, &w, &parameters, y, place.at_end(&mut scratch), &mut patch),
                4 => kernel(&x, &w, &parameters, y, &mut scratch, place.at_end(&mut patch)),
                _ => {
                    let mut own = vec![0; expected.len()];
                    let own = place.at_end(&mut own);
                    kernel(&x, &w, &parameters, own, &mut scratch, &mut patch);
                    y.copy_from_slice(own);
                }
            }
            assert_eq!(y, expected);
            let (before, after) = (&around[..MARGIN], &around[MARGIN + expected.len()..]);
            assert!(before.iter().chain(after).all(|byte| *byte == CANARY));
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

/// The same in fours of channels.
fn interleave(
    groups: usize,
    [k, n]: [usize; 2],
    (bias, multiplier): (&[i32], &[i32]),
    weight: impl Fn(usize, usize, usize) -> i8,
) -> (Vec<u8>, Vec<i32>) {
    let (mut w, mut parameters) = (vec![], vec![]);
    for group in 0..groups {
        let mut bytes = vec![0; interleaved::packed_len(k, n)];
        interleaved::pack([k, n], |input, channel| weight(group, input, channel), &mut bytes);
        for (channel, input) in (0..n).flat_map(|channel| (0..k).map(move |input| (channel, input))) {
            let unpacked = interleaved::unpack(k, &bytes, input, channel);
            assert_eq!(unpacked, weight(group, input, channel));
        }
        let mut numbers = vec![0; interleaved::parameters_len(n)];
        let channels = group * n..(group + 1) * n;
        interleaved::pack_parameters(&bias[channels.clone()], &multiplier[channels], &mut numbers);
        w.extend(bytes);
        parameters.extend(numbers);
    }
    (w, parameters)
}

/// Parameters of rows of weights.
fn row_parameters(bias: &[i32], multiplier: &[i32]) -> Vec<i32> {
    let mut parameters = vec![0; 2 * bias.len()];
    rows::pack_parameters(bias, multiplier, &mut parameters);
    parameters
}

/// Products of one row and of several.
pub(crate) fn products(place: &mut impl Place, rounds: usize) {
    let mut random = Random(1);
    for _ in 0..rounds {
        let [k, n] = [[40, 13], [40, 80], [600, 13]][random.below(3)];
        let [m, k, n] = [1 + random.below(12), 1 + random.below(k), 1 + random.below(n)];
        let m = if random.below(3) == 0 { 1 } else { m };
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
        let mut expected = vec![0_i8; m * n];
        qlinear_gemm(Simd::BASELINE, layer, &x, &panels, &bias, &multiplier, &mut expected);
        let grouping = if m == 1 { Grouping::TwoPairs } else { Grouping::Pairs };
        let (words, parameters) = pack(1, [k, n], grouping, (&bias, &multiplier), |_, k, c| w[k * n + c]);
        let operands = Operands {
            x: &x,
            w: &words,
            parameters: &parameters,
            scratch: paired::scratch_words(k, m),
            patch: 0,
        };
        operands.check(place, &expected, |x, w, parameters, y, scratch, _| {
            qlinear_gemm_paired(Simd::detect(), layer, x, w, parameters, y, scratch);
        });
        let (bytes, parameters) = interleave(1, [k, n], (&bias, &multiplier), |_, k, c| w[k * n + c]);
        let operands = Operands {
            x: &x,
            w: &bytes,
            parameters: &parameters,
            scratch: if m == 1 {
                interleaved::scratch_of_row(k, n).iter().sum()
            } else {
                interleaved::scratch_words(k)
            },
            patch: 0,
        };
        operands.check(place, &expected, |x, w, parameters, y, scratch, _| {
            qlinear_gemm_interleaved(Simd::detect(), layer, x, w, parameters, y, scratch);
        });
        let rows: Vec<i8> = (0..n * k).map(|at| w[at % k * n + at / k]).collect();
        let operands = Operands {
            x: &x,
            w: &rows,
            parameters: &row_parameters(&bias, &multiplier),
            scratch: 0,
            patch: 0,
        };
        operands.check(place, &expected, |x, w, parameters, y, _, _| {
            qlinear_gemm_rows(Simd::detect(), layer, x, w, parameters, y);
        });
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

/// Convolutions of every geometry.
pub(crate) fn convolutions(place: &mut impl Place, rounds: usize) {
    let mut random = Random(2);
    for _ in 0..rounds {
        let [h, v] = [axis(&mut random), axis(&mut random)];
        let groups = 1 + random.below(3);
        let [channels, columns] = [[1, 2, 3, 5, 8, 16][random.below(6)], 1 + random.below(18)];
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
            qlinear_conv2d_paired(Simd::detect(), layer, x, w, parameters, y, scratch, patch);
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
            qlinear_conv2d_interleaved(Simd::detect(), layer, x, w, parameters, y, scratch);
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
            qlinear_conv2d_rows(Simd::detect(), layer, x, w, parameters, y, patch);
        });
    }
}

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
        let mut words = vec![0; paired::depthwise_words(c, taps)];
        paired::pack_depthwise([taps, c], |tap, channel| w[channel * taps + tap], &mut words);
        let mut parameters = vec![0; c.div_ceil(4) * 8];
        paired::pack_depthwise_parameters(&bias, &multiplier, &mut parameters);
        let operands = Operands {
            x: &x,
            w: &words,
            parameters: &parameters,
            scratch: 0,
            patch: 0,
        };
        operands.check(place, &expected, |x, w, parameters, y, _, _| {
            qlinear_depthwise_conv2d_paired(Simd::detect(), layer, x, w, parameters, y);
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
            qlinear_depthwise_conv2d_interleaved(Simd::detect(), layer, x, w, parameters, y);
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
            qlinear_depthwise_conv2d_rows(Simd::detect(), layer, x, w, parameters, y);
        });
    }
}

/// Sums of two tensors, in place as well.
pub(crate) fn sums(place: &mut impl Place, rounds: usize) {
    let mut random = Random(4);
    for len in 0..rounds {
        let (a, b) = (random.bytes(len), random.bytes(len));
        let limits = random.requantize();
        let layer = QlinearAdd {
            a_multiplier: random.next() as i32 % (1 << 20),
            b_multiplier: random.next() as i32 % (1 << 20),
            constant: random.next() as i32 % (1 << 26),
            shift: 1 + random.next() % 22,
            min: limits.min,
            max: limits.max,
        };
        let limited = |(a, b): (&i8, &i8)| layer.sum(*a, *b).max(layer.min).min(layer.max) as i8;
        let expected: Vec<i8> = a.iter().zip(&b).map(limited).collect();
        let operands = Operands {
            x: &a,
            w: &[0_u32; 0],
            parameters: &[],
            scratch: 0,
            patch: 0,
        };
        operands.check(place, &expected, |a, _, _, y, _, _| {
            qlinear_add(Simd::detect(), layer, a, &b, y)
        });
        let operands = Operands { x: &b, ..operands };
        operands.check(place, &expected, |b, _, _, y, _, _| {
            y.copy_from_slice(&a);
            qlinear_add_in_place(Simd::detect(), layer, b, y);
        });
    }
}
