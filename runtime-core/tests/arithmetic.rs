//! Kernels that compute, against plain loops in double precision.

use runtime_core::function::*;
use runtime_core::kernels::{self, *};
use runtime_core::{Bool, Simd, f16};

fn both(test: impl Fn(Simd)) {
    test(Simd::detect());
    test(Simd::BASELINE);
}

fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next() * 3.0).collect()
}

fn close(y: &[f32], expected: impl IntoIterator<Item = f64>, tolerance: f64, what: &str) {
    let expected: Vec<f64> = expected.into_iter().collect();
    assert_eq!(y.len(), expected.len(), "{what}");
    for (i, (y, expected)) in y.iter().zip(expected).enumerate() {
        let same = *y == expected as f32 || y.is_nan() && expected.is_nan();
        assert!(
            same || (f64::from(*y) - expected).abs() <= tolerance * expected.abs().max(1.0),
            "{what}: {y} for {expected} at {i}"
        );
    }
}

#[test]
fn binary_broadcasts() {
    let cases: [([usize; 3], [usize; 3], [usize; 3]); 8] = [
        ([2, 3, 5], [15, 5, 1], [15, 5, 1]),
        ([2, 3, 37], [0, 0, 1], [111, 37, 1]),
        ([2, 3, 37], [111, 37, 1], [0, 0, 0]),
        ([2, 3, 37], [0, 1, 0], [111, 37, 1]),
        ([2, 3, 4], [3, 1, 0], [4, 0, 1]),
        ([4, 1, 1], [1, 1, 1], [0, 0, 0]),
        ([0, 3, 4], [12, 4, 1], [12, 4, 1]),
        ([2, 3, 0], [0, 0, 1], [0, 0, 1]),
    ];
    both(|simd| {
        let (a, b) = (noise(300, 1), noise(300, 2));
        for (dims, a_strides, b_strides) in cases {
            let count = dims.iter().product();
            let offsets = |strides: [usize; 3]| {
                (0..count).map(move |flat: usize| {
                    let index = [flat / (dims[1] * dims[2]), flat / dims[2] % dims[1], flat % dims[2]];
                    index.iter().zip(strides).map(|(i, s)| i * s).sum::<usize>()
                })
            };
            let pairs: Vec<(f32, f32)> = offsets(a_strides)
                .zip(offsets(b_strides))
                .map(|(i, j)| (a[i], b[j]))
                .collect();
            let mut y = vec![9.0; count];
            binary(
                simd,
                Binary {
                    dims,
                    a_strides,
                    b_strides,
                    op: Sub,
                    activation: Relu,
                },
                &a,
                &b,
                &mut y,
            );
            assert_eq!(y, pairs.iter().map(|(a, b)| (a - b).max(0.0)).collect::<Vec<_>>());

            let layer = Binary {
                dims,
                a_strides,
                b_strides,
                op: Div,
                activation: Identity,
            };
            let mut y: Vec<f32> = pairs.iter().map(|(a, _)| *a).collect();
            binary_in_place(simd, layer, &b, &mut y);
            assert_eq!(y, pairs.iter().map(|(a, b)| a / b).collect::<Vec<_>>());
            let mut y: Vec<f32> = pairs.iter().map(|(_, b)| *b).collect();
            binary_in_place_reversed(simd, layer, &a, &mut y);
            assert_eq!(y, pairs.iter().map(|(a, b)| a / b).collect::<Vec<_>>());

            let mut y = vec![Bool::FALSE; count];
            binary_of(
                simd,
                Binary {
                    dims,
                    a_strides,
                    b_strides,
                    op: Less,
                    activation: Identity,
                },
                &a,
                &b,
                &mut y,
            );
            assert!(y.iter().zip(&pairs).all(|(y, (a, b))| *y == Bool::from(a < b)));
        }
        let mut y = [0.0];
        let scalar = Binary {
            dims: [],
            a_strides: [],
            b_strides: [],
            op: Add,
            activation: Identity,
        };
        binary(simd, scalar, &[1.0], &[2.0], &mut y);
        assert_eq!(y, [3.0]);
    });
}

#[test]
fn binary_ops() {
    fn eval<T: runtime_core::Element, Op: BinaryOp<T>>(op: Op, a: T, b: T) -> Op::Output {
        op.eval(a, b)
    }
    assert_eq!(eval(Pow, 3, 4), 81);
    assert_eq!(eval(Pow, -1i64, -3), -1);
    assert_eq!(eval(Pow, 2i32, -3), 0);
    assert_eq!(eval(Pow, 2.0f32, 0.5), std::f32::consts::SQRT_2);
    assert_eq!(eval(Mod, -7, 3), 2);
    assert_eq!(eval(Mod, 7, -3), -2);
    assert_eq!(eval(Fmod, -7, 3), -1);
    assert_eq!(eval(Mod, 5, 0), 0);
    assert_eq!(eval(Mod, i32::MIN, -1), 0);
    assert_eq!(eval(Fmod, -7.5f32, 2.0), -1.5);
    assert_eq!(eval(Mod, -7.5f32, 2.0), 0.5);
    assert_eq!(eval(ShiftLeft, 1u8, 7), 128);
    assert_eq!(eval(ShiftLeft, 1u8, 8), 0);
    assert_eq!(eval(And, 12u16, 10), 8);
    assert_eq!(eval(Xor, Bool::TRUE, Bool::TRUE), Bool::FALSE);
    assert_eq!(eval(PRelu, -2.0f32, 0.25), -0.5);
    assert!(eval(Max, f32::NAN, 1.0).is_nan() && eval(Max, 1.0, f32::NAN).is_nan());
    assert_eq!(eval(Add, f16::ONE, f16::ONE), f16::from_f32(2.0));
}

#[test]
fn unary_ops() {
    let mut y = [0i8; 3];
    unary(Simd::BASELINE, Unary { op: Sign }, &[-5i8, 0, 9], &mut y);
    assert_eq!(y, [-1, 0, 1]);
    unary(
        Simd::BASELINE,
        Unary {
            op: ClipOf { min: -2i8, max: 4 },
        },
        &[-5i8, 0, 9],
        &mut y,
    );
    assert_eq!(y, [-2, 0, 4]);
    let mut y = [Bool::FALSE; 3];
    unary(
        Simd::BASELINE,
        Unary {
            op: IsInf {
                negative: true,
                positive: false,
            },
        },
        &[f64::NEG_INFINITY, f64::INFINITY, 1.0],
        &mut y,
    );
    assert_eq!(y, [true, false, false].map(Bool::from));
    unary(
        Simd::BASELINE,
        Unary { op: IsNan },
        &[f32::NAN, f32::INFINITY, 1.0],
        &mut y,
    );
    assert_eq!(y, [true, false, false].map(Bool::from));
}

const SHAPES: [[usize; 3]; 10] = [
    [1, 1, 1],
    [3, 7, 1],
    [2, 4096, 1],
    [1, 10_000, 1],
    [2, 5, 3],
    [2, 300, 33],
    [1, 49, 64],
    [3, 4, 100],
    [2, 0, 3],
    [0, 4, 2],
];

/// The elements `x[o, .., i]`, for each `o` and `i`.
fn lines([outer, axis, inner]: [usize; 3], x: &[f32]) -> Vec<Vec<f64>> {
    let line = |o: usize, i: usize| (0..axis).map(|j| f64::from(x[(o * axis + j) * inner + i])).collect();
    (0..outer)
        .flat_map(|o| (0..inner).map(move |i| (o, i)))
        .map(|(o, i)| line(o, i))
        .collect()
}

fn check_reduce<Op>(op: Op, expected: impl Fn(&[f64]) -> f64, what: &str)
where
    Op: ReduceOp<f32> + ReduceOp<f64>,
{
    both(|simd| {
        for shape @ [outer, axis, inner] in SHAPES {
            let x = noise(outer * axis * inner, 5);
            let mut y = vec![9.0; outer * inner];
            reduce(simd, Reduce { outer, axis, inner, op }, &x, &mut y);
            close(
                &y,
                lines(shape, &x).iter().map(|line| expected(line)),
                3e-6,
                &format!("{what} {shape:?}"),
            );
            let wide: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
            let mut y = vec![9.0; outer * inner];
            reduce_of(simd, Reduce { outer, axis, inner, op }, &wide, &mut y);
            for (y, line) in y.iter().zip(lines(shape, &x)) {
                let expected = expected(&line);
                assert!(
                    *y == expected
                        || (y - expected).abs() < 1e-9 * expected.abs().max(1.0)
                        || y.is_nan() && expected.is_nan()
                );
            }
        }
    });
}

#[test]
fn reductions() {
    check_reduce(Sum, |x| x.iter().sum(), "Sum");
    check_reduce(Mean, |x| x.iter().sum::<f64>() / x.len() as f64, "Mean");
    check_reduce(
        kernels::Max,
        |x| x.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "Max",
    );
    check_reduce(kernels::Min, |x| x.iter().copied().fold(f64::INFINITY, f64::min), "Min");
    check_reduce(Prod, |x| x.iter().product(), "Prod");
    check_reduce(SumSquare, |x| x.iter().map(|x| x * x).sum(), "SumSquare");
    check_reduce(L1, |x| x.iter().map(|x| x.abs()).sum(), "L1");
    check_reduce(L2, |x| x.iter().map(|x| x * x).sum::<f64>().sqrt(), "L2");
    check_reduce(LogSumExp, |x| x.iter().map(|x| x.exp()).sum::<f64>().ln(), "LogSumExp");
    let mut y = [0.0];
    reduce(
        Simd::detect(),
        Reduce {
            outer: 1,
            axis: 2,
            inner: 1,
            op: LogSumExp,
        },
        &[1000.0, 1000.0],
        &mut y,
    );
    close(&y, [1000.0 + 2.0f64.ln()], 1e-6, "LogSumExp");
    let mut y = [0i32; 2];
    reduce_of(
        Simd::detect(),
        Reduce {
            outer: 1,
            axis: 3,
            inner: 2,
            op: Mean,
        },
        &[1, 2, 3, 4, 5, 7],
        &mut y,
    );
    assert_eq!(y, [3, 4]);
    let mut y = [0.0; 1];
    let million = vec![0.1f32; 1_000_000];
    reduce(
        Simd::BASELINE,
        Reduce {
            outer: 1,
            axis: 1_000_000,
            inner: 1,
            op: Sum,
        },
        &million,
        &mut y,
    );
    assert!((y[0] - 100_000.0).abs() < 1.0, "sum of a million: {}", y[0]);
}

#[test]
fn arguments() {
    let x = [3, 1, 4, 4, 1, 5, 4, 5, 3, 1, 2, 6];
    let mut y = [9i64; 4];
    let layer = ArgReduce {
        outer: 2,
        axis: 3,
        inner: 2,
        last: false,
    };
    arg_max(Simd::BASELINE, layer, &x, &mut y);
    assert_eq!(y, [1, 2, 0, 2]);
    arg_max(Simd::BASELINE, ArgReduce { last: true, ..layer }, &[1; 12], &mut y);
    assert_eq!(y, [2; 4]);
    arg_min(Simd::BASELINE, layer, &x, &mut y);
    assert_eq!(y, [2, 0, 2, 1]);
}

#[test]
fn softmaxes() {
    both(|simd| {
        for shape @ [outer, axis, inner] in SHAPES {
            let x: Vec<f32> = noise(outer * axis * inner, 6).iter().map(|x| x * 10.0).collect();
            let (mut y, mut logs) = (vec![9.0; x.len()], vec![9.0; x.len()]);
            let layer = Softmax { outer, axis, inner };
            softmax(simd, layer, &x, &mut y);
            log_softmax(simd, layer, &x, &mut logs);
            let mut generic = vec![0.0; x.len()];
            softmax_of(simd, layer, &x, &mut generic);
            close(&generic, y.iter().map(|y| f64::from(*y)), 1e-6, "softmax_of");
            log_softmax_of(simd, layer, &x, &mut generic);
            close(&generic, logs.iter().map(|y| f64::from(*y)), 1e-6, "log_softmax_of");
            for ((line, y), logs) in lines(shape, &x).iter().zip(lines(shape, &y)).zip(lines(shape, &logs)) {
                let sum: f64 = line.iter().map(|x| x.exp()).sum();
                for ((x, y), log) in line.iter().zip(y).zip(logs) {
                    assert!(
                        (y - x.exp() / sum).abs() < 1e-6 * (x.exp() / sum) + 1e-12,
                        "softmax {shape:?}"
                    );
                    assert!((log - (x - sum.ln())).abs() < 1e-5, "log_softmax {shape:?}");
                }
            }
        }
    });
}

fn check_pool(layer: Pool2d) {
    let Pool2d {
        batch,
        input: [h, w, c],
        output: [oh, ow, _],
        kernel,
        strides,
        dilations,
        pads,
        ..
    } = layer;
    let x = noise(batch * h * w * c, 8);
    let (mut greatest, mut average) = (Vec::new(), Vec::new());
    for (n, oy, ox, ch) in (0..batch * oh * ow * c).map(|i| (i / c / ow / oh, i / c / ow % oh, i / c % ow, i % c)) {
        let (mut m, mut sum, mut count) = (f64::NEG_INFINITY, 0.0, 0);
        for (ky, kx) in (0..kernel[0]).flat_map(|ky| (0..kernel[1]).map(move |kx| (ky, kx))) {
            let iy = (oy * strides[0] + ky * dilations[0]) as isize - pads[0] as isize;
            let ix = (ox * strides[1] + kx * dilations[1]) as isize - pads[1] as isize;
            let inside = iy >= 0 && ix >= 0 && iy < h as isize && ix < w as isize;
            let padded = iy < (h + pads[2]) as isize && ix < (w + pads[3]) as isize;
            if inside {
                let x = f64::from(x[((n * h + iy as usize) * w + ix as usize) * c + ch]);
                (m, sum) = (m.max(x), sum + x);
            }
            count += u32::from(inside || layer.count_include_pad && padded);
        }
        greatest.push(m);
        average.push(sum / f64::from(count));
    }
    both(|simd| {
        let mut y = vec![9.0; greatest.len()];
        max_pool2d(simd, layer, &x, &mut y);
        close(&y, greatest.clone(), 0.0, &format!("max {layer:?}"));
        average_pool2d(simd, layer, &x, &mut y);
        close(&y, average.clone(), 1e-6, &format!("average {layer:?}"));
    });
}

#[test]
fn pools() {
    let plain = Pool2d {
        batch: 2,
        input: [8, 6, 16],
        output: [4, 3, 16],
        kernel: [2, 2],
        strides: [2, 2],
        dilations: [1, 1],
        pads: [0; 4],
        count_include_pad: false,
    };
    check_pool(plain);
    check_pool(Pool2d { batch: 0, ..plain });
    for channels in [1, 3, 16, 37] {
        for count_include_pad in [false, true] {
            let padded = Pool2d {
                batch: 1,
                input: [7, 5, channels],
                output: [4, 3, channels],
                kernel: [3, 3],
                strides: [2, 2],
                dilations: [1, 1],
                pads: [1; 4],
                count_include_pad,
            };
            check_pool(padded);
            // `ceil_mode`: the last window leaves the padding.
            check_pool(Pool2d {
                input: [6, 6, channels],
                output: [3, 3, channels],
                pads: [0; 4],
                ..padded
            });
            check_pool(Pool2d {
                output: [7, 5, channels],
                strides: [1, 1],
                dilations: [2, 1],
                pads: [2, 1, 2, 1],
                ..padded
            });
        }
    }
    let mut y = [0u8];
    let one = Pool2d {
        batch: 1,
        input: [2, 2, 1],
        output: [1, 1, 1],
        ..plain
    };
    max_pool2d(Simd::detect(), one, &[3u8, 200, 7, 9], &mut y);
    assert_eq!(y, [200]);
    // Only what lies inside of a window is walked.
    let vast = Pool2d {
        kernel: [usize::MAX >> 2; 2],
        pads: [usize::MAX >> 3; 4],
        ..one
    };
    max_pool2d(Simd::detect(), vast, &[3u8, 200, 7, 9], &mut y);
    assert_eq!(y, [200]);
}

#[test]
fn resizes() {
    both(|simd| {
        let (outer, input, output, inner, taps) = (2, 4, 7, 5, 2);
        let x = noise(outer * input * inner, 9);
        let indices: Vec<i32> = (0..output * taps).map(|i| (i * 3 % input) as i32).collect();
        let weights = noise(output * taps, 10);
        let mut y = vec![9.0; outer * output * inner];
        resize(
            simd,
            Resize {
                outer,
                input,
                output,
                inner,
                taps,
            },
            &x,
            &indices,
            &weights,
            &mut y,
        );
        let expected = (0..y.len()).map(|flat| {
            let (o, j, i) = (flat / inner / output, flat / inner % output, flat % inner);
            let tap = |k| {
                f64::from(weights[j * taps + k])
                    * f64::from(x[(o * input + indices[j * taps + k] as usize) * inner + i])
            };
            (0..taps).map(tap).sum()
        });
        close(&y, expected.collect::<Vec<f64>>(), 1e-6, "resize");
    });
}

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
