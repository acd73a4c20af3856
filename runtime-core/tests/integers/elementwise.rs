//! Elementwise kernels of quantised tensors against exact fractions, rounded once.

use runtime_core::Simd;
use runtime_core::kernels::*;
use runtime_core::requantize::{Quantized, Stored};
use std::fmt::Debug;

use kernel_tests::{integers, nearest};

/// Zero points at and between the ends of the type.
fn zeros<T: Stored>() -> [i32; 4] {
    let [least, greatest] = [i32::MIN, i32::MAX].map(|end| T::narrow(end).into());
    [least, 0, 3, greatest]
}

fn requantized<T: Quantized + Debug, U: Quantized + Debug>() {
    for len in [0, 1, 5, 67, 1000] {
        for x_zero in zeros::<T>() {
            for zero in zeros::<U>() {
                for (multiplier, shift) in [
                    (1 << 30, 30),
                    (i32::MAX, 62),
                    (3, 1),
                    (1_234_567_891, 40),
                    (1 << 28, 31),
                ] {
                    for (min, max) in [(i32::MIN, i32::MAX), (-5, 100)] {
                        let layer = RequantizeLinear {
                            x_zero,
                            multiplier,
                            shift,
                            zero,
                            min,
                            max,
                        };
                        let x: Vec<T> = integers(len, 7);
                        let exact = |x: &T| i128::from((*x).into() - x_zero) * i128::from(multiplier);
                        let expected: Vec<U> = x.iter().map(|x| nearest(exact(x), shift, zero, [min, max])).collect();
                        for simd in Simd::levels() {
                            let mut y = vec![U::default(); len];
                            requantize_linear(simd, layer, &x, &mut y);
                            assert_eq!(y, expected, "{layer:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn requantize_linear_rounds_once() {
    requantized::<i8, i8>();
    requantized::<i8, i16>();
    requantized::<i16, i8>();
    requantized::<i16, i16>();
}

#[test]
fn quantize_linear_rounds_halves_to_even() {
    fn quantised<T: Stored + Debug>() {
        let special = [
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::MAX,
            -0.0,
            3e6,
            -3e6,
            1e-40,
        ];
        for scale in [0.5, 0.013, 3.0, 1e-7] {
            let halves = (-700..700).map(|i| i as f32 / 2.0 * scale);
            let x: Vec<f32> = halves
                .chain((0..400).map(|i| (i * i) as f32 * 0.37 - 9000.0))
                .chain(special)
                // Quotients are limited to 2^24 before the zero point is added: to integers of 32 bits that matters.
                .filter(|x| size_of::<T>() < 4 || (x / scale).abs() <= 16_777_216.0)
                .collect();
            for zero in zeros::<T>() {
                let exact = |x: &f32| match f64::from(x / scale) {
                    quotient if quotient.is_nan() => zero,
                    quotient => (quotient.round_ties_even() + f64::from(zero)) as i32,
                };
                let expected: Vec<T> = x.iter().map(|x| T::narrow(exact(x))).collect();
                for simd in Simd::levels() {
                    let layer = QuantizeLinear {
                        outer: 1,
                        channels: 1,
                        inner: x.len(),
                    };
                    let mut y = vec![T::default(); x.len()];
                    quantize_linear(simd, layer, &x, &[scale], &[T::narrow(zero)], &mut y);
                    assert_eq!(y, expected, "scale {scale}, zero {zero}");
                }
            }
        }
    }
    quantised::<i8>();
    quantised::<u8>();
    quantised::<i16>();
    quantised::<u16>();
    quantised::<i32>();
}

#[test]
fn each_channel_has_its_scale_and_its_zero_point() {
    let (scales, zeros) = ([0.5, 2.0, 0.125], [3_i8, -7, 100]);
    let [outer, channels, inner] = [2, 3, 5];
    let integers: Vec<i8> = integers(outer * channels * inner, 1);
    let number = |(i, x): (usize, &i8)| {
        let channel = i / inner % channels;
        f32::from(i16::from(*x) - i16::from(zeros[channel])) * scales[channel]
    };
    let numbers: Vec<f32> = integers.iter().enumerate().map(number).collect();
    for simd in Simd::levels() {
        let (mut y, mut back) = (vec![0.0; numbers.len()], vec![0; numbers.len()]);
        let layer = DequantizeLinear { outer, channels, inner };
        dequantize_linear(simd, layer, &integers, &scales, &zeros, &mut y);
        assert_eq!(y, numbers);
        let layer = QuantizeLinear { outer, channels, inner };
        quantize_linear(simd, layer, &numbers, &scales, &zeros, &mut back);
        assert_eq!(back, integers);
    }
}

#[test]
fn requantize_linear_in_place_is_the_same() {
    let layer = RequantizeLinear {
        x_zero: -128,
        multiplier: 1_500_000_001,
        shift: 31,
        zero: 7,
        min: -100,
        max: 120,
    };
    let x: Vec<i8> = integers(300, 1);
    for simd in Simd::levels() {
        let (mut y, mut expected) = (x.clone(), vec![0i8; 300]);
        requantize_linear(simd, layer, &x, &mut expected);
        requantize_linear_in_place(simd, layer, &mut y);
        assert_eq!(y, expected);
    }
}

/// Shape of the output and strides of the operands.
const BROADCASTS: [([usize; 3], [usize; 3], [usize; 3]); 6] = [
    ([1, 1, 259], [0, 0, 1], [0, 0, 1]),
    ([2, 3, 33], [99, 33, 1], [0, 0, 1]),
    ([2, 3, 33], [0, 1, 0], [99, 33, 1]),
    ([2, 3, 5], [0, 1, 3], [15, 5, 1]),
    ([1, 1, 7], [0, 0, 0], [0, 0, 0]),
    ([2, 0, 4], [0, 4, 1], [0, 0, 1]),
];

fn binaries<T: Quantized + Debug, U: Quantized + Debug, Op: QlinearOp + Debug>(
    ops: &[Op],
    exact: fn(Op, i128, i128) -> i128,
) {
    for (dims, a_strides, b_strides) in BROADCASTS {
        let len: usize = dims.iter().product();
        let place = |i: usize, strides: [usize; 3]| {
            let index = [i / dims[2] / dims[1], i / dims[2] % dims[1], i % dims[2]];
            index.iter().zip(strides).map(|(i, s)| i * s).sum::<usize>()
        };
        let (a, b): (Vec<T>, Vec<T>) = (integers(len.max(15), 2), integers(len.max(15), 3));
        for op in ops {
            for (zero_at, shift) in [(0, 1), (1, 20), (2, 31), (3, 62)] {
                let (a_zero, b_zero) = (zeros::<T>()[zero_at], zeros::<T>()[3 - zero_at]);
                let zero = zeros::<U>()[zero_at];
                for (min, max) in [(i32::MIN, i32::MAX), (zero, 100_000), (-100_000, zero)] {
                    let op = *op;
                    let layer = QlinearBinary {
                        dims,
                        a_strides,
                        b_strides,
                        a_zero,
                        b_zero,
                        op,
                        shift,
                        zero,
                        min,
                        max,
                    };
                    let expected: Vec<U> = (0..len)
                        .map(|i| {
                            let a: i32 = a[place(i, a_strides)].into();
                            let b: i32 = b[place(i, b_strides)].into();
                            let sum = exact(op, (a - a_zero).into(), (b - b_zero).into());
                            nearest(sum, shift, zero, [min, max])
                        })
                        .collect();
                    for simd in Simd::levels() {
                        let mut y = vec![U::default(); len];
                        qlinear_binary(simd, layer, &a, &b, &mut y);
                        assert_eq!(y, expected, "{layer:?}");
                    }
                }
            }
        }
    }
}

fn sums<T: Quantized + Debug, U: Quantized + Debug>() {
    let op = |a_multiplier, b_multiplier| WeightedSum {
        a_multiplier,
        b_multiplier,
    };
    binaries::<T, U, _>(
        &[op(i32::MAX, i32::MAX), op(1, -1), op(123_456_789, -i32::MAX), op(0, 5)],
        |op, a, b| a * i128::from(op.a_multiplier) + b * i128::from(op.b_multiplier),
    );
}

fn products<T: Quantized + Debug, U: Quantized + Debug>() {
    let op = |multiplier| WeightedProduct { multiplier };
    binaries::<T, U, _>(&[op((1 << 30) - 1), op(1), op(123_456_789)], |op, a, b| {
        a * b * i128::from(op.multiplier)
    });
}

#[test]
fn qlinear_binary_rounds_once() {
    sums::<i8, i8>();
    sums::<i8, i16>();
    sums::<i16, i8>();
    sums::<i16, i16>();
    products::<i8, i8>();
    products::<i8, i16>();
    products::<i16, i8>();
    products::<i16, i16>();
}

#[test]
fn qlinear_binary_in_place_is_the_same() {
    for (dims, _, b_strides) in BROADCASTS {
        let layer = QlinearBinary {
            dims,
            a_strides: [dims[1] * dims[2], dims[2], 1],
            b_strides,
            a_zero: 3,
            b_zero: -7,
            op: WeightedSum {
                a_multiplier: 1_900_000_001,
                b_multiplier: -77_777_777,
            },
            shift: 31,
            zero: 5,
            min: -120,
            max: 127,
        };
        let len: usize = dims.iter().product();
        let (a, b): (Vec<i16>, Vec<i16>) = (integers(len, 2), integers(len.max(15), 3));
        for simd in Simd::levels() {
            let (mut y, mut expected) = (a.clone(), vec![0; len]);
            qlinear_binary(simd, layer, &a, &b, &mut expected);
            qlinear_binary_in_place(simd, layer, &b, &mut y);
            assert_eq!(y, expected, "{layer:?}");
        }
    }
}

#[test]
fn lookup_takes_entries() {
    let table: Vec<i8> = integers(LOOKUP_ENTRIES, 4);
    let x: Vec<i8> = (i8::MIN..=i8::MAX).chain([0, 5, -128]).collect();
    let expected: Vec<i8> = x.iter().map(|x| table[(i32::from(*x) + 128) as usize]).collect();
    for simd in Simd::levels() {
        let (mut y, mut in_place) = (vec![0; x.len()], x.clone());
        lookup(simd, Lookup, &x, &table, &mut y);
        lookup_in_place(simd, Lookup, &table, &mut in_place);
        assert_eq!(y, expected);
        assert_eq!(in_place, expected);
        lookup(simd, Lookup, &[], &table, &mut []);
    }
}

#[test]
fn lookup_interpolated_is_the_nearest_point_of_the_line() {
    for table in [
        integers(LOOKUP_KNOTS, 5),
        (0..LOOKUP_KNOTS).map(|k| [i16::MIN, i16::MAX][k % 2]).collect(),
    ] {
        let x: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        let line = |x: &i16| {
            let place = (i32::from(*x) + 32768) as usize;
            let (from, to) = (f64::from(table[place / 128]), f64::from(table[place / 128 + 1]));
            from + (to - from) * (place % 128) as f64 / 128.0
        };
        let expected: Vec<i16> = x.iter().map(|x| line(x).round_ties_even() as i16).collect();
        for simd in Simd::levels() {
            let (mut y, mut in_place) = (vec![0; x.len()], x.clone());
            lookup_interpolated(simd, Lookup, &x, &table, &mut y);
            lookup_interpolated_in_place(simd, Lookup, &table, &mut in_place);
            assert_eq!(y, expected);
            assert_eq!(in_place, expected);
        }
    }
}
