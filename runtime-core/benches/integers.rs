//! The integer kernels beside the float kernels that they stand for.
//!
//! `cargo bench -p runtime-core --bench integers`. The least times of interleaved rounds, in nanoseconds an element of
//! the output, and how many times as fast as `f32` the integers are.

use runtime_core::Simd;
use runtime_core::function::{Identity, Sigmoid};
use runtime_core::kernels::*;
use runtime_core::requantize::Quantized;
use std::hint::black_box;
use std::time::Instant;

/// A kernel in three element types: `f32`, `i8`, `i16`.
struct Case {
    name: &'static str,
    /// Elements of the output.
    len: usize,
    runs: [Box<dyn FnMut()>; 3],
}

fn floats(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i % 251) as f32 / 125.0 - 1.0).collect()
}

fn integers<T: Quantized>(len: usize) -> Vec<T> {
    (0..len).map(|i| T::narrow((i % 251) as i32 - 125)).collect()
}

/// A boxed call of a kernel with operands made once.
macro_rules! run {
    ($kernel:ident($layer:expr, $($x:expr),*) -> $y:expr) => {{
        let mut y = $y;
        Box::new(move || $kernel(Simd::detect(), black_box($layer), $(black_box(&$x)),*, black_box(&mut y)))
    }};
}

const SIZE: usize = 32 * 32 * 16;

fn elementwise() -> Vec<Case> {
    let requantize = RequantizeLinear {
        x_zero: 3,
        multiplier: 1_234_567_890,
        shift: 31,
        zero: -2,
        min: -128,
        max: 127,
    };
    let (a, b, bytes, words) = (floats(SIZE), floats(SIZE), integers::<i8>(SIZE), integers::<i16>(SIZE));
    let (x, x8, x16) = (a.clone(), bytes.clone(), words.clone());
    let quantized = Case {
        name: "requantize_linear, or a copy",
        len: SIZE,
        runs: [
            run!(duplicate(Duplicate, x) -> vec![0.0; SIZE]),
            run!(requantize_linear(requantize, x8) -> vec![0i8; SIZE]),
            run!(requantize_linear(requantize, x16) -> vec![0i16; SIZE]),
        ],
    };
    let (x, x8, x16) = (a.clone(), bytes.clone(), words.clone());
    let (table, knots) = (integers::<i8>(LOOKUP_ENTRIES), integers::<i16>(LOOKUP_KNOTS));
    let lookups = Case {
        name: "lookup, or map sigmoid",
        len: SIZE,
        runs: [
            run!(map(Map { function: Sigmoid }, x) -> vec![0.0; SIZE]),
            run!(lookup(Lookup, x8, table) -> vec![0; SIZE]),
            run!(lookup_interpolated(Lookup, x16, knots) -> vec![0; SIZE]),
        ],
    };
    let op = WeightedSum {
        a_multiplier: 1_234_567_890,
        b_multiplier: 987_654_321,
    };
    let float = |op| Binary {
        dims: [SIZE],
        a_strides: [1],
        b_strides: [1],
        op,
        activation: Identity,
    };
    let integer = |op| QlinearBinary {
        dims: [SIZE],
        a_strides: [1],
        b_strides: [1],
        a_zero: 3,
        b_zero: -7,
        op,
        shift: 31,
        zero: 1,
        min: -128,
        max: 127,
    };
    let (x, x8, x16) = (a.clone(), bytes.clone(), words.clone());
    let (other, other8, other16) = (b, bytes.clone(), words.clone());
    let sums = Case {
        name: "qlinear_binary sum, or binary",
        len: SIZE,
        runs: [
            run!(binary(float(Add), x, other) -> vec![0.0; SIZE]),
            run!(qlinear_binary(integer(op), x8, other8) -> vec![0i8; SIZE]),
            run!(qlinear_binary(integer(op), x16, other16) -> vec![0i16; SIZE]),
        ],
    };
    let (x, x8, x16) = (a.clone(), a.clone(), a);
    let linear = QuantizeLinear {
        outer: 1,
        channels: 1,
        inner: SIZE,
    };
    let quantize = Case {
        name: "quantize_linear, or a copy",
        len: SIZE,
        runs: [
            run!(duplicate(Duplicate, x) -> vec![0.0; SIZE]),
            run!(quantize_linear(linear, x8, [0.01_f32], [3_i8]) -> vec![0i8; SIZE]),
            run!(quantize_linear(linear, x16, [0.0001_f32], [3_i16]) -> vec![0i16; SIZE]),
        ],
    };
    vec![quantized, quantize, lookups, sums]
}

fn combining() -> Vec<Case> {
    vec![pools(), resizes(), means(), softmaxes(), products()]
}

fn pools() -> Case {
    let pool = Pool2d {
        batch: 1,
        input: [32, 32, 16],
        output: [16, 16, 16],
        kernel: [2, 2],
        strides: [2, 2],
        dilations: [1, 1],
        pads: [0; 4],
        count_include_pad: false,
    };
    let integer_pool = QlinearAveragePool2d {
        batch: 1,
        input: pool.input,
        output: pool.output,
        kernel: pool.kernel,
        strides: pool.strides,
        dilations: pool.dilations,
        pads: pool.pads,
        count_include_pad: false,
        x_zero: 3,
        shift: 33,
        zero: 1,
        min: -128,
        max: 127,
    };
    let (x, x8, x16) = (floats(SIZE), integers::<i8>(SIZE), integers::<i16>(SIZE));
    let multiplier = vec![1_234_567_890];
    let again = multiplier.clone();
    Case {
        name: "average_pool2d 2x2",
        len: SIZE / 4,
        runs: [
            run!(average_pool2d(&pool, x) -> vec![0.0; SIZE / 4]),
            run!(qlinear_average_pool2d(&integer_pool, x8, multiplier) -> vec![0i8; SIZE / 4]),
            run!(qlinear_average_pool2d(&integer_pool, x16, again) -> vec![0i16; SIZE / 4]),
        ],
    }
}

fn resizes() -> Case {
    let resize_ = Resize {
        outer: 1,
        input: 16,
        output: 32,
        inner: 16 * 16,
        taps: 2,
    };
    let across = Resize {
        outer: 32,
        inner: 16,
        ..resize_
    };
    let integer_resize = QlinearResize {
        outer: 1,
        input: [16, 16],
        output: [32, 32],
        between: 1,
        inner: 16,
        taps: [2, 2],
        x_zero: 3,
        shift: 52,
        zero: 3,
        min: -128,
        max: 127,
    };
    let places: Vec<i32> = (0..32).flat_map(|i| [i / 2, (i / 2 + 1).min(15)]).collect();
    let weights: Vec<f32> = (0..32)
        .flat_map(|i| [0.25 + (i % 2) as f32 / 2.0, 0.75 - (i % 2) as f32 / 2.0])
        .collect();
    let table = |point: i32| {
        let fixed = weights.iter().map(move |weight| (weight * 2_f32.powi(point)) as i32);
        places
            .iter()
            .copied()
            .zip(fixed)
            .flat_map(|(i, w)| [i, w])
            .collect::<Vec<i32>>()
    };
    let (first, second) = (table(30), table(22));
    let (x, x8, x16) = (floats(SIZE / 4), integers::<i8>(SIZE / 4), integers::<i16>(SIZE / 4));
    let mut between = vec![0.0; SIZE / 2];
    let mut y = vec![0.0; SIZE];
    let (f, s) = (first.clone(), second.clone());
    Case {
        name: "linear resize of two axes, by two",
        len: SIZE,
        runs: [
            Box::new(move || {
                resize(
                    Simd::detect(),
                    black_box(resize_),
                    black_box(&x),
                    &places,
                    &weights,
                    &mut between,
                );
                resize(
                    Simd::detect(),
                    black_box(across),
                    &between,
                    &places,
                    &weights,
                    black_box(&mut y),
                );
            }),
            run!(qlinear_resize(&integer_resize, x8, first, second) -> vec![0i8; SIZE]),
            run!(qlinear_resize(&integer_resize, x16, f, s) -> vec![0i16; SIZE]),
        ],
    }
}

fn means() -> Case {
    let reduce_ = Reduce {
        outer: 1,
        axis: 1024,
        inner: 16,
        op: Mean,
    };
    let integer_reduce = QlinearReduceSum {
        outer: 1,
        axis: 1024,
        inner: 16,
        x_zero: 3,
        multiplier: 1_234_567,
        shift: 31,
        zero: 1,
        min: -128,
        max: 127,
    };
    let (x, x8, x16) = (floats(SIZE), integers::<i8>(SIZE), integers::<i16>(SIZE));
    Case {
        name: "mean of 1024 pixels",
        len: 16,
        runs: [
            run!(reduce(reduce_, x) -> vec![0.0; 16]),
            run!(qlinear_reduce_sum(&integer_reduce, x8) -> vec![0i8; 16]),
            run!(qlinear_reduce_sum(&integer_reduce, x16) -> vec![0i16; 16]),
        ],
    }
}

fn softmaxes() -> Case {
    let softmax_ = Softmax {
        outer: 64,
        axis: 64,
        inner: 1,
    };
    let integer_softmax = QlinearSoftmax {
        outer: 64,
        axis: 64,
        inner: 1,
        multiplier: 1 << 30,
        shift: 22,
        zero: -128,
        min: -128,
        max: 127,
    };
    let (x, x8, x16) = (floats(4096), integers::<i8>(4096), integers::<i16>(4096));
    let (powers, twice) = (vec![1 << 30; 256], vec![1 << 30; 512]);
    Case {
        name: "softmax of 64",
        len: 4096,
        runs: [
            run!(softmax(softmax_, x) -> vec![0.0; 4096]),
            run!(qlinear_softmax(&integer_softmax, x8, powers) -> vec![0i8; 4096]),
            run!(qlinear_softmax(&integer_softmax, x16, twice) -> vec![0i16; 4096]),
        ],
    }
}

fn products() -> Case {
    let (m, k, n) = (64, 64, 64);
    let product = MatMul {
        batch: [1],
        a_strides: [0],
        b_strides: [0],
        m,
        k,
        n,
    };
    let integer_product = QlinearMatMul {
        batch: [1],
        a_strides: [0],
        b_strides: [0],
        m,
        k,
        n,
        a_zero: 3,
        b_zero: -7,
        multiplier: 1_234_567,
        shift: 31,
        zero: 1,
        min: -128,
        max: 127,
    };
    let (x, x8, x16) = (floats(4096), integers::<i8>(4096), integers::<i16>(4096));
    let (other, other8, other16) = (x.clone(), x8.clone(), x16.clone());
    Case {
        name: "mat_mul 64x64x64",
        len: 4096,
        runs: [
            run!(mat_mul(product, x, other) -> vec![0.0; 4096]),
            run!(qlinear_mat_mul(integer_product, x8, other8) -> vec![0i8; 4096]),
            run!(qlinear_mat_mul(integer_product, x16, other16) -> vec![0i16; 4096]),
        ],
    }
}

fn main() {
    // `cargo test --benches` runs each case once.
    let rounds = if std::env::args().any(|arg| arg == "--test") {
        1
    } else {
        200
    };
    let mut cases: Vec<Case> = elementwise().into_iter().chain(combining()).collect();
    let mut least = vec![[f64::MAX; 3]; cases.len()];
    for _ in 0..rounds {
        for (case, least) in cases.iter_mut().zip(&mut least) {
            for (run, least) in case.runs.iter_mut().zip(least) {
                // Once to fill the caches.
                run();
                let start = Instant::now();
                run();
                *least = least.min(start.elapsed().as_secs_f64());
            }
        }
    }
    println!("| kernel | f32 ns | i8 ns | i16 ns | i8 times as fast | i16 |\n|---|--:|--:|--:|--:|--:|");
    for (case, [float, byte, word]) in cases.iter().zip(least) {
        let [f, b, w] = [float, byte, word].map(|time| time * 1e9 / case.len as f64);
        println!(
            "| {} | {f:.2} | {b:.2} | {w:.2} | {:.2} | {:.2} |",
            case.name,
            f / b,
            f / w
        );
    }
}
