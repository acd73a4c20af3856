//! Convolutions by Winograd's filtering, against the direct ones in `f64`, whole and in parts.

use kernel_tests::{conv2d_in_f64, numbers};
use runtime_core::Simd;
use runtime_core::function::{Identity, Relu};
use runtime_core::kernels::{Conv2d, WinogradConv2d, winograd_conv2d, winograd_conv2d_add};
use runtime_core::partial::Partial;
use runtime_core::winograd::{pack_conv2d, packed_conv2d_len};

/// What the greatest error may be, as a share of the greatest output.
const ERROR: f64 = 4e-6;

fn direct<F: Copy>(layer: &WinogradConv2d<F>) -> Conv2d<F> {
    Conv2d {
        batch: layer.batch,
        input: layer.input,
        output: layer.output,
        kernel: [3; 2],
        strides: [1; 2],
        dilations: [1; 2],
        pads: layer.pads,
        groups: 1,
        activation: layer.activation,
    }
}

fn layer(batch: usize, [height, width]: [usize; 2], [ic, oc]: [usize; 2], pads: [usize; 2]) -> WinogradConv2d<Relu> {
    WinogradConv2d {
        batch,
        input: [height, width, ic],
        output: [height + 2 * pads[0] - 2, width + 2 * pads[1] - 2, oc],
        pads,
        activation: Relu,
    }
}

fn len([height, width, channels]: [usize; 3]) -> usize {
    height * width * channels
}

struct Operands {
    x: Vec<f32>,
    weights: Vec<f32>,
    packed: Vec<f32>,
    bias: Vec<f32>,
    residual: Vec<f32>,
}

impl Operands {
    fn of<F>(layer: &WinogradConv2d<F>) -> Self {
        let (ic, oc) = (layer.input[2], layer.output[2]);
        let weights = numbers(oc * ic * 9, 2);
        let mut packed = vec![0.0; packed_conv2d_len(oc, ic)];
        pack_conv2d(oc, ic, &weights, &mut packed);
        Self {
            x: numbers(layer.batch * len(layer.input), 1),
            weights,
            packed,
            bias: numbers(oc, 3),
            residual: numbers(layer.batch * len(layer.output), 4),
        }
    }
}

#[track_caller]
fn assert_close(actual: &[f32], expected: &[f64], what: &impl std::fmt::Debug) {
    assert_eq!(actual.len(), expected.len());
    let greatest = expected.iter().fold(1.0_f64, |greatest, y| greatest.max(y.abs()));
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        let error = (f64::from(*a) - e).abs();
        assert!(error <= ERROR * greatest, "{what:?}: y[{i}] is {a}, not {e}");
    }
}

#[test]
fn it_is_the_direct_convolution() {
    for (size, channels, pads, batch) in [
        ([3, 3], [1, 1], [0, 0], 1),
        ([4, 4], [16, 16], [1, 1], 1),
        ([5, 9], [3, 40], [1, 0], 2),
        ([8, 8], [70, 33], [1, 1], 1),
        ([13, 7], [24, 10], [2, 2], 1),
        ([1, 6], [8, 8], [1, 1], 1),
        ([17, 18], [16, 48], [1, 1], 2),
        ([6, 6], [300, 64], [0, 1], 1),
    ] {
        let layer = layer(batch, size, channels, pads);
        let o = Operands::of(&layer);
        let expected = conv2d_in_f64(&direct(&layer), &o.x, &o.weights, &o.bias, &[], |v| v.max(0.0));
        let added = conv2d_in_f64(&direct(&layer), &o.x, &o.weights, &o.bias, &o.residual, |v| v.max(0.0));
        for simd in Simd::levels() {
            let mut y = vec![f32::NAN; expected.len()];
            winograd_conv2d(simd, layer, &o.x, &o.packed, &o.bias, &mut y);
            assert_close(&y, &expected, &layer);
            y.fill(f32::NAN);
            winograd_conv2d_add(simd, layer, &o.x, &o.packed, &o.bias, &o.residual, &mut y);
            assert_close(&y, &added, &layer);
        }
    }
}

#[test]
fn parts_are_the_whole_to_the_bit() {
    for (batch, size, channels) in [(1, [20, 9], [20, 37]), (3, [5, 4], [16, 8]), (1, [8, 4], [30, 16])] {
        let layer = layer(batch, size, channels, [1, 1]).with_activation(Identity);
        let o = Operands::of(&layer);
        for simd in Simd::levels() {
            let mut whole = vec![f32::NAN; batch * len(layer.output)];
            winograd_conv2d(simd, layer, &o.x, &o.packed, &o.bias, &mut whole);
            let rows = whole.len() / layer.row().unwrap();
            for (first, last) in (0..rows).flat_map(|first| (first + 1..=rows).map(move |last| (first, last))) {
                let part = layer.part(first..last).unwrap();
                let [x] = part.inputs;
                let mut y = vec![f32::NAN; part.output.len()];
                winograd_conv2d(simd, part.layer, &o.x[x], &o.packed, &o.bias, &mut y);
                assert_eq!(y, whole[part.output], "{layer:?}, rows {first} to {last}");
            }
        }
    }
    assert_eq!(layer(1, [6, 6], [16, 16], [1, 1]).row(), None);
    assert_eq!(layer(1, [8, 8], [16, 16], [1, 1]).part(1..3), None);
}
