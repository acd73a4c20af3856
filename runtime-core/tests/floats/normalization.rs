//! Normalisation of rows and channels, and factors with offsets per channel.

use super::inputs::{both, close, noise};
use runtime_core::function::*;
use runtime_core::kernels::*;

fn normalised(values: &[f64], epsilon: f64) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64;
    values
        .iter()
        .map(|v| (v - mean) / (variance + epsilon).sqrt())
        .collect()
}

#[test]
fn row_normalizations() {
    both(|simd| {
        for (outer, inner) in [(3, 1), (2, 33), (1, 768), (0, 4), (2, 0)] {
            let (x, scale, bias) = (noise(outer * inner, 11), noise(inner, 12), noise(inner, 13));
            let mut y = vec![9.0; x.len()];
            let layer = LayerNormalization {
                outer,
                inner,
                epsilon: 1e-5,
            };
            let rows = || {
                x.chunks_exact(inner.max(1))
                    .map(|row| row.iter().map(|x| f64::from(*x)).collect::<Vec<_>>())
            };
            let scaled = |biased: bool| {
                rows()
                    .flat_map(|row| normalised(&row, 1e-5))
                    .enumerate()
                    .map(|(i, v)| {
                        v * f64::from(scale[i % inner]) + if biased { f64::from(bias[i % inner]) } else { 0.0 }
                    })
                    .collect::<Vec<_>>()
            };
            layer_normalization(simd, layer, &x, &scale, &bias, &mut y);
            close(&y, scaled(true), 3e-6, "layer_normalization");
            layer_normalization(simd, layer, &x, &scale, &[], &mut y);
            close(&y, scaled(false), 3e-6, "layer_normalization without bias");
            rms_normalization(
                simd,
                RmsNormalization {
                    outer,
                    inner,
                    epsilon: 1e-5,
                },
                &x,
                &scale,
                &mut y,
            );
            let expected: Vec<f64> = rows()
                .flat_map(|row| {
                    let square = row.iter().map(|x| x * x).sum::<f64>() / inner as f64;
                    row.iter()
                        .zip(&scale)
                        .map(|(x, s)| x / (square + 1e-5).sqrt() * f64::from(*s))
                        .collect::<Vec<_>>()
                })
                .collect();
            close(&y, expected, 3e-6, "rms_normalization");
        }
    });
}

#[test]
fn channel_normalizations() {
    both(|simd| {
        for (batch, spatial, groups, group) in [
            (2, 9, 3, 1),
            (1, 50, 37, 1),
            (2, 7, 2, 3),
            (1, 16, 4, 16),
            (0, 4, 2, 1),
            (1, 0, 2, 2),
        ] {
            let channels = groups * group;
            let (x, scale, bias) = (
                noise(batch * spatial * channels, 14),
                noise(channels, 15),
                noise(channels, 16),
            );
            let mut expected = vec![0.0; x.len()];
            for (n, g) in (0..batch).flat_map(|n| (0..groups).map(move |g| (n, g))) {
                let places: Vec<usize> = (0..spatial)
                    .flat_map(|s| (0..group).map(move |c| (n * spatial + s) * channels + g * group + c))
                    .collect();
                let values: Vec<f64> = places.iter().map(|p| f64::from(x[*p])).collect();
                for (place, value) in places.iter().zip(normalised(&values, 1e-5)) {
                    let channel = place % channels;
                    expected[*place] = value * f64::from(scale[channel]) + f64::from(bias[channel]);
                }
            }
            let mut y = vec![9.0; x.len()];
            group_normalization(
                simd,
                GroupNormalization {
                    batch,
                    spatial,
                    groups,
                    group,
                    epsilon: 1e-5,
                },
                &x,
                &scale,
                &bias,
                &mut y,
            );
            close(&y, expected.clone(), 3e-6, "group_normalization");
            if group == 1 {
                y.fill(9.0);
                instance_normalization(
                    simd,
                    InstanceNormalization {
                        batch,
                        spatial,
                        channels,
                        epsilon: 1e-5,
                    },
                    &x,
                    &scale,
                    &bias,
                    &mut y,
                );
                close(&y, expected, 3e-6, "instance_normalization");
            }
        }
    });
}

#[test]
fn scales_and_shifts() {
    both(|simd| {
        for (outer, channels, inner) in [(3, 5, 1), (2, 3, 19), (0, 3, 1), (2, 3, 0)] {
            let (x, scale, shift) = (
                noise(outer * channels * inner, 17),
                noise(channels, 18),
                noise(channels, 19),
            );
            let mut y = vec![9.0; x.len()];
            scale_shift(
                simd,
                ScaleShift {
                    outer,
                    channels,
                    inner,
                    activation: Relu,
                },
                &x,
                &scale,
                &shift,
                &mut y,
            );
            let expected = x.iter().enumerate().map(|(i, x)| {
                let c = i / inner % channels;
                (f64::from(*x) * f64::from(scale[c]) + f64::from(shift[c])).max(0.0)
            });
            close(&y, expected.collect::<Vec<f64>>(), 1e-6, "scale_shift");
        }
    });
}
