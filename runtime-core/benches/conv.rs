//! The convolutions and matrix products, as a share of the processor's peak in floats.
//!
//! `cargo bench -p runtime-core --bench conv`; add `-- --table` for the closing table alone. The peak is the
//! best product on one core, measured between the kernels: on a busy machine the least times of both are what can be
//! compared.

use criterion::{Criterion, Throughput};
use runtime_core::function::{Identity, Relu};
use runtime_core::kernels::{Conv2d, DepthwiseConv2d, Gemm, conv2d, depthwise_conv2d, gemm};
use runtime_core::pack::{packed_conv2d_len, packed_gemm_len};
use runtime_core::{Simd, layer};
use std::hint::black_box;
use std::time::{Duration, Instant};

mod quantised;
mod residual;
mod winograd;

/// What the best product comes to: whole tiles, and operands that stay in the first cache. Chains of multiply-adds in
/// registers alone would be a peak that owes nothing to our kernels, but the optimiser does not keep them in vectors.
const PEAK: Gemm<Identity> = Gemm {
    m: 24,
    k: 128,
    n: 32,
    activation: Identity,
};

/// Products in a run of [`peak`].
const PEAK_STEPS: usize = 100;

fn peak(simd: Simd, operands: &mut Operands) {
    let Operands { x, w, bias, y } = operands;
    for _ in 0..PEAK_STEPS {
        gemm(simd, black_box(PEAK), x, w, bias, y);
        black_box(&mut *y);
    }
}

/// A kernel call to measure.
struct Case {
    name: &'static str,
    copy: &'static str,
    /// Multiply-adds.
    macs: usize,
    run: Box<dyn FnMut()>,
}

struct Operands {
    x: Vec<f32>,
    w: Vec<f32>,
    bias: Vec<f32>,
    y: Vec<f32>,
}

impl Operands {
    fn new(x: usize, w: usize, bias: usize, y: usize) -> Self {
        let numbers = |len| (0..len).map(|i| (i % 17) as f32 / 16.0 - 0.5).collect();
        Self {
            x: numbers(x),
            w: numbers(w),
            bias: numbers(bias),
            y: numbers(y),
        }
    }
}

/// Both copies of a kernel: parameters as a type, and as a value the optimiser cannot see.
macro_rules! cases {
    ($cases:ident, $kernel:ident, $($name:literal, $layer:ident: $ty:ty = $value:expr, $operands:expr, $macs:expr;)*) => {$(
        layer!($layer: $ty = $value);
        let mut o: Operands = $operands($value);
        let run = Box::new(move || $kernel(Simd::detect(), $layer, black_box(&o.x), &o.w, &o.bias, black_box(&mut o.y)));
        $cases.push(Case { name: $name, copy: "specialised", macs: $macs($value), run });
        let mut o: Operands = $operands($value);
        let run = Box::new(move || {
            $kernel(Simd::detect(), black_box::<$ty>($value), black_box(&o.x), &o.w, &o.bias, black_box(&mut o.y))
        });
        $cases.push(Case { name: $name, copy: "shared", macs: $macs($value), run });
    )*};
}

const fn conv(input: [usize; 3], output: [usize; 3], kernel: usize, stride: usize) -> Conv2d<Relu> {
    conv_to(input, output, kernel, stride, Relu)
}

const fn conv_to<F: Copy>(
    input: [usize; 3],
    output: [usize; 3],
    kernel: usize,
    stride: usize,
    activation: F,
) -> Conv2d<F> {
    Conv2d {
        batch: 1,
        input,
        output,
        kernel: [kernel; 2],
        strides: [stride; 2],
        dilations: [1; 2],
        pads: [kernel / 2; 2],
        groups: 1,
        activation,
    }
}

const fn depthwise(size: usize, channels: usize, stride: usize) -> DepthwiseConv2d<Relu> {
    depthwise_to(size, channels, stride, Relu)
}

const fn depthwise_to<F: Copy>(size: usize, channels: usize, stride: usize, activation: F) -> DepthwiseConv2d<F> {
    DepthwiseConv2d {
        batch: 1,
        input: [size, size, channels],
        output: [size / stride, size / stride, channels],
        kernel: [3; 2],
        strides: [stride; 2],
        dilations: [1; 2],
        pads: [1; 2],
        activation,
    }
}

fn count(sizes: [usize; 3]) -> usize {
    sizes.iter().product()
}

fn gemm_operands<F>(g: Gemm<F>) -> Operands {
    Operands::new(g.m * g.k, packed_gemm_len(g.k, g.n), g.n, g.m * g.n)
}

fn gemm_macs<F>(g: Gemm<F>) -> usize {
    g.m * g.k * g.n
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let operands = |c: Conv2d<Relu>| {
        let w = packed_conv2d_len(1, c.output[2], c.kernel[0], c.kernel[1], c.input[2]);
        Operands::new(count(c.input), w, c.output[2], count(c.output))
    };
    let macs = |c: Conv2d<Relu>| count(c.output) * c.kernel[0] * c.kernel[1] * c.input[2];
    cases! { cases, conv2d,
        "conv2d 56x56x64 3x3", A: Conv2d<Relu> = conv([56, 56, 64], [56, 56, 64], 3, 1), operands, macs;
        "conv2d 14x14x256 3x3", B: Conv2d<Relu> = conv([14, 14, 256], [14, 14, 256], 3, 1), operands, macs;
        "conv2d 56x56x64 to 256 1x1", C: Conv2d<Relu> = conv([56, 56, 64], [56, 56, 256], 1, 1), operands, macs;
        "conv2d 16x16x4 to 16 3x3", D: Conv2d<Relu> = conv([16, 16, 4], [16, 16, 16], 3, 1), operands, macs;
        "conv2d 7x7x512 3x3", E: Conv2d<Relu> = conv([7, 7, 512], [7, 7, 512], 3, 1), operands, macs;
        "conv2d 56x56x64 to 28x28x128 3x3 stride 2", F: Conv2d<Relu> = conv([56, 56, 64], [28, 28, 128], 3, 2), operands, macs;
        "conv2d 112x112x3 to 56x56x32 3x3 stride 2", G: Conv2d<Relu> = conv([112, 112, 3], [56, 56, 32], 3, 2), operands, macs;
        "conv2d 224x224x3 to 112x112x64 7x7 stride 2", R: Conv2d<Relu> = conv([224, 224, 3], [112, 112, 64], 7, 2), operands, macs;
        "conv2d 32x32x16 to 8 3x3", H: Conv2d<Relu> = conv([32, 32, 16], [32, 32, 8], 3, 1), operands, macs;
    }
    cases! { cases, gemm,
        "gemm 3136x24x144", P: Gemm<Relu> = Gemm { m: 3136, k: 24, n: 144, activation: Relu }, gemm_operands, gemm_macs;
        "gemm 196x576x96", Q: Gemm<Relu> = Gemm { m: 196, k: 576, n: 96, activation: Relu }, gemm_operands, gemm_macs;
        "gemm 3136x64x256", I: Gemm<Relu> = Gemm { m: 3136, k: 64, n: 256, activation: Relu }, gemm_operands, gemm_macs;
        "gemm 49x960x320", J: Gemm<Relu> = Gemm { m: 49, k: 960, n: 320, activation: Relu }, gemm_operands, gemm_macs;
        "gemm 1x640x128", K: Gemm<Relu> = Gemm { m: 1, k: 640, n: 128, activation: Relu }, gemm_operands, gemm_macs;
        // Less than half a panel wide, with rows left over from tiles.
        "gemm 50x64x8", T: Gemm<Relu> = Gemm { m: 50, k: 64, n: 8, activation: Relu }, gemm_operands, gemm_macs;
        "gemm 6x256x4", U: Gemm<Relu> = Gemm { m: 6, k: 256, n: 4, activation: Relu }, gemm_operands, gemm_macs;
    }
    let operands =
        |d: DepthwiseConv2d<Relu>| Operands::new(count(d.input), 9 * d.input[2], d.input[2], count(d.output));
    let macs = |d: DepthwiseConv2d<Relu>| count(d.output) * 9;
    cases! { cases, depthwise_conv2d,
        "depthwise_conv2d 56x56x64 3x3", L: DepthwiseConv2d<Relu> = depthwise(56, 64, 1), operands, macs;
        "depthwise_conv2d 112x112x32 3x3", M: DepthwiseConv2d<Relu> = depthwise(112, 32, 1), operands, macs;
        "depthwise_conv2d 14x14x512 3x3", N: DepthwiseConv2d<Relu> = depthwise(14, 512, 1), operands, macs;
        "depthwise_conv2d 7x7x960 3x3", S: DepthwiseConv2d<Relu> = depthwise(7, 960, 1), operands, macs;
        "depthwise_conv2d 56x56x64 3x3 stride 2", O: DepthwiseConv2d<Relu> = depthwise(56, 64, 2), operands, macs;
    }
    quantised::add(&mut cases);
    residual::add(&mut cases);
    winograd::add(&mut cases);
    cases
}

fn seconds(mut run: impl FnMut(), repeats: usize) -> f64 {
    let start = Instant::now();
    for _ in 0..repeats {
        run();
    }
    start.elapsed().as_secs_f64() / repeats as f64
}

/// Prints each case's speed and its share of the peak, from the least times of interleaved rounds.
fn table(cases: &mut [Case]) {
    const ROUNDS: usize = 60;
    let simd = Simd::detect();
    let mut operands = gemm_operands(PEAK);
    let peak_flops = (2 * gemm_macs(PEAK) * PEAK_STEPS) as f64;
    let mut least_peak = f64::MAX;
    let mut least = vec![f64::MAX; cases.len()];
    for _ in 0..ROUNDS {
        for (case, least) in cases.iter_mut().zip(&mut least) {
            least_peak = least_peak.min(seconds(|| peak(simd, &mut operands), 1));
            // Once to fill the caches.
            (case.run)();
            *least = least.min(seconds(&mut case.run, (2_000_000 / case.macs).max(1)));
        }
    }
    let peak = peak_flops / least_peak;
    println!("\n{simd:?}, peak of one core: {:.1} GFLOP/s\n", peak * 1e-9);
    println!("| kernel | copy | microseconds | GFLOP/s | % of peak |\n|---|---|--:|--:|--:|");
    for (case, least) in cases.iter().zip(least) {
        let speed = 2.0 * case.macs as f64 / least;
        let (time, gflops, share) = (least * 1e6, speed * 1e-9, 100.0 * speed / peak);
        println!(
            "| {} | {} | {time:.1} | {gflops:.1} | {share:.1} |",
            case.name, case.copy
        );
    }
}

fn main() {
    let mut cases = cases();
    if !std::env::args().any(|arg| arg == "--table") {
        let mut criterion = Criterion::default()
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1))
            .configure_from_args();
        let mut group = criterion.benchmark_group("conv");
        group.throughput(Throughput::Elements((gemm_macs(PEAK) * PEAK_STEPS) as u64));
        let mut operands = gemm_operands(PEAK);
        group.bench_function("peak", |bencher| bencher.iter(|| peak(Simd::detect(), &mut operands)));
        for case in &mut cases {
            group.throughput(Throughput::Elements(case.macs as u64));
            group.bench_function(format!("{}, {}", case.name, case.copy), |bencher| {
                bencher.iter(&mut case.run)
            });
        }
        group.finish();
        criterion.final_summary();
    }
    // `cargo test --benches` runs each case once.
    if !std::env::args().any(|arg| arg == "--test") {
        table(&mut cases);
    }
}
