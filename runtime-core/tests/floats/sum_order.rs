//! What `SumOrder` promises of the kernels: without some outputs or inputs, every bit of the others is the same.

use runtime_core::Simd;
use runtime_core::function::Identity;
use runtime_core::kernels::{Conv2d, Gemm, SumOrder, conv2d, gemm};
use runtime_core::pack::{pack_conv2d, pack_gemm, packed_conv2d_len, packed_gemm_len};

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % limit
    }

    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.below(2001) as f32 / 997.0 - 1.0).collect()
    }
}

/// Columns `kept` of rows of `all` numbers.
fn columns(rows: &[f32], all: usize, kept: &[usize]) -> Vec<f32> {
    let rows = rows.chunks_exact(all);
    rows.flat_map(|row| kept.iter().map(|column| row[*column])).collect()
}

/// The product of `x` `[m, k]` and `w` `[k, n]`.
fn product(simd: Simd, m: usize, x: &[f32], w: &[f32], bias: &[f32]) -> Vec<f32> {
    let (k, n) = (x.len() / m, bias.len());
    let mut packed = vec![0.0; packed_gemm_len(k, n)];
    pack_gemm(k, n, w, false, &mut packed);
    let mut y = vec![0.0; m * n];
    let activation = Identity;
    gemm(simd, Gemm { m, k, n, activation }, x, &packed, bias, &mut y);
    y
}

/// The convolution 3x3 of a row of pixels `x` `[3, width, k]`, by `w` `[n, k, 3, 3]`.
fn convolution(simd: Simd, width: usize, x: &[f32], w: &[f32], bias: &[f32]) -> Vec<f32> {
    let (k, n) = (x.len() / width / 3, bias.len());
    let mut packed = vec![0.0; packed_conv2d_len(1, n, 3, 3, k)];
    pack_conv2d(1, n, 3, 3, k, w, &mut packed);
    let layer = Conv2d {
        batch: 1,
        input: [3, width, k],
        output: [3, width, n],
        kernel: [3, 3],
        strides: [1, 1],
        dilations: [1, 1],
        pads: [1, 1],
        groups: 1,
        activation: Identity,
    };
    let mut y = vec![0.0; 3 * width * n];
    conv2d(simd, layer, x, &packed, bias, &mut y);
    y
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// Indices below `all` without some groups of `group` neighbours; at least one group is left.
fn without(random: &mut Random, all: usize, group: usize) -> Vec<usize> {
    let groups = all.div_ceil(group);
    let stays = random.below(groups);
    let gone: Vec<bool> = (0..groups).map(|g| g != stays && random.below(3) == 0).collect();
    (0..all).filter(|index| !gone[index / group]).collect()
}

#[test]
fn outputs_may_go() {
    let mut random = Random(1);
    let mut gone = 0;
    for case in 0..600 {
        let simd = [Simd::detect(), Simd::BASELINE][case % 2];
        let (rows, k, n) = (1 + random.below(70), 1 + random.below(40), 1 + random.below(50));
        let (conv, taps, images) = if case % 3 == 0 { (true, 9, 3) } else { (false, 1, 1) };
        let kept: Vec<usize> = (random.below(n)..n).collect();
        let (x, bias) = (random.floats(images * rows * k), random.floats(n));
        let w = random.floats(k * n * taps);
        let some_bias: Vec<f32> = kept.iter().map(|column| bias[*column]).collect();
        let (whole, part) = if conv {
            let some: Vec<f32> = kept
                .iter()
                .flat_map(|i| w[i * k * 9..(i + 1) * k * 9].to_vec())
                .collect();
            let whole = convolution(simd, rows, &x, &w, &bias);
            (whole, convolution(simd, rows, &x, &some, &some_bias))
        } else {
            let some = columns(&w, n, &kept);
            let whole = product(simd, rows, &x, &w, &bias);
            (whole, product(simd, rows, &x, &some, &some_bias))
        };
        assert_eq!(
            bits(&part),
            bits(&columns(&whole, n, &kept)),
            "{} of {n} outputs, {rows} rows",
            kept.len()
        );
        gone += n - kept.len();
    }
    assert!(gone > 1000, "only {gone} outputs went");
}

#[test]
fn inputs_of_nothing_may_go() {
    let mut random = Random(2);
    let mut gone = 0;
    for case in 0..600 {
        let simd = [Simd::detect(), Simd::BASELINE][case % 2];
        let (rows, k, n) = (1 + random.below(70), 1 + random.below(150), 1 + random.below(40));
        let order = SumOrder::of_gemm(rows);
        let Some(group) = order.inputs() else { continue };
        let kept = without(&mut random, k, group);
        let (x, bias) = (random.floats(rows * k), random.floats(n));
        let w: Vec<f32> = (0..k)
            .flat_map(|i| {
                if kept.contains(&i) {
                    random.floats(n)
                } else {
                    vec![0.0; n]
                }
            })
            .collect();
        let some: Vec<f32> = kept.iter().flat_map(|i| w[i * n..(i + 1) * n].to_vec()).collect();
        let whole = product(simd, rows, &x, &w, &bias);
        let part = product(simd, rows, &columns(&x, k, &kept), &some, &bias);
        assert_eq!(bits(&part), bits(&whole), "{order:?} of {k} inputs, {n} outputs");
        gone += k - kept.len();
    }
    assert!(gone > 1000, "only {gone} inputs went");
}
