
/// Prints the nanoseconds that a thousand products take at the very least on one core: in floats, and in 8-bit
/// integers. Each is the best product of matrices, of whole tiles whose operands stay in the first cache.
fn print_peaks() {
    use runtime_core::Simd;
    use runtime_core::function::Identity;
    use runtime_core::kernels::{Gemm, gemm, qlinear_gemm};
    use runtime_core::pack::packed_gemm_len;
    use runtime_core::requantize::Requantize;

    const FLOATS: Gemm<Identity> = Gemm { m: 24, k: 128, n: 32, activation: Identity };
    const REQUANTIZE: Requantize = Requantize { shift: 40, zero: 3, min: -128, max: 127, outside: 2 };
    const INTEGERS: Gemm<Requantize> = Gemm { m: 24, k: 512, n: 32, activation: REQUANTIZE };

    let simd = Simd::detect();
    let x: Vec<f32> = (0..FLOATS.m * FLOATS.k).map(|i| (i % 17) as f32 / 16.0 - 0.5).collect();
    let w: Vec<f32> = (0..packed_gemm_len(FLOATS.k, FLOATS.n)).map(|i| (i % 13) as f32 / 16.0 - 0.5).collect();
    let (bias, mut y) = (vec![0.5; FLOATS.n], vec![0.0; FLOATS.m * FLOATS.n]);
    print_peak(FLOATS.m * FLOATS.k * FLOATS.n, || gemm(simd, black_box(FLOATS), &x, &w, &bias, black_box(&mut y)));

    let x: Vec<i8> = (0..INTEGERS.m * INTEGERS.k).map(|i| (i * 37) as i8).collect();
    let w: Vec<i8> = (0..packed_gemm_len(INTEGERS.k, INTEGERS.n)).map(|i| (i * 53) as i8).collect();
    let (bias, multipliers) = (vec![7; INTEGERS.n], vec![1 << 24; INTEGERS.n]);
    let mut y = vec![0i8; INTEGERS.m * INTEGERS.n];
    print_peak(INTEGERS.m * INTEGERS.k * INTEGERS.n, || {
        qlinear_gemm(simd, black_box(INTEGERS), &x, &w, &bias, &multipliers, black_box(&mut y));
    });
}

/// From the least time of many runs.
fn print_peak(products: usize, mut run: impl FnMut()) {
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..10).for_each(|_| run());
        start.elapsed().as_nanos() as f64 / 10.0
    };
    let least = (0..2000).map(|_| time(&mut run)).fold(f64::MAX, f64::min);
    println!("{}", 1000.0 * least / products as f64);
}
