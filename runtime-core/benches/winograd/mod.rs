//! Layers of `bench conv` by Winograd's filtering. Their multiply-adds are counted as those of the direct convolution,
//! so that their share of the peak can be compared with its, and exceed the whole.

use crate::{Case, conv, count};
use runtime_core::Simd;
use runtime_core::function::Relu;
use runtime_core::kernels::{WinogradConv2d, winograd_conv2d, winograd_conv2d_add};
use runtime_core::winograd::packed_conv2d_len;
use std::hint::black_box;

/// The names of a layer without and with a residual, its height and width, and its channels.
const LAYERS: [([&str; 2], usize, usize); 4] = [
    (["winograd_conv2d 56x56x64", "winograd_conv2d_add 56x56x64"], 56, 64),
    (["winograd_conv2d 28x28x128", "winograd_conv2d_add 28x28x128"], 28, 128),
    (["winograd_conv2d 14x14x256", "winograd_conv2d_add 14x14x256"], 14, 256),
    (["winograd_conv2d 32x32x16", "winograd_conv2d_add 32x32x16"], 32, 16),
];

/// Adds the cases.
pub(crate) fn add(cases: &mut Vec<Case>) {
    for (names, size, channels) in LAYERS {
        let direct = conv([size, size, channels], [size, size, channels], 3, 1);
        let layer = WinogradConv2d {
            batch: 1,
            input: direct.input,
            output: direct.output,
            pads: direct.pads,
            activation: Relu,
        };
        let numbers = |len| (0..len).map(|i| (i % 17) as f32 / 16.0 - 0.5).collect::<Vec<f32>>();
        for (name, residual) in names.into_iter().zip([false, true]) {
            let (x, w) = (
                numbers(count(layer.input)),
                numbers(packed_conv2d_len(channels, channels)),
            );
            let (bias, added) = (numbers(channels), numbers(count(layer.output)));
            let mut y = vec![0.0; count(layer.output)];
            let run = Box::new(move || {
                let (simd, layer, x, y) = (Simd::detect(), black_box(layer), black_box(&x), black_box(&mut y));
                if residual {
                    winograd_conv2d_add(simd, layer, x, &w, &bias, black_box(&added), y);
                } else {
                    winograd_conv2d(simd, layer, x, &w, &bias, y);
                }
            });
            cases.push(Case {
                name,
                copy: "shared",
                macs: count(layer.output) * 9 * channels,
                run,
            });
        }
    }
}
