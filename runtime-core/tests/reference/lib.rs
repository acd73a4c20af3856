//! The sums that convolutions are, as plain loops in `f64`, and odd shapes to try.

pub mod sequences;

use runtime_core::kernels::{Conv2d, ConvTranspose2d};
use runtime_core::requantize::Quantized;

/// Numbers in -1..1, the same on every run.
pub fn numbers(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// How many windows of a kernel fit into a padded input.
fn outputs(input: usize, kernel: usize, stride: usize, dilation: usize, pads: usize) -> usize {
    (input + pads)
        .checked_sub((kernel - 1) * dilation + 1)
        .map_or(0, |room| room / stride + 1)
}

/// The outputs of a convolution: `x` channels-last, `w` as in ONNX; `f` is applied to each sum with its bias and its
/// residual, which may be empty.
///
/// # Panics
/// If operands are shorter than the layer says.
pub fn conv2d_in_f64<F>(
    c: &Conv2d<F>,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
    residual: &[f32],
    f: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let ([ih, iw, ic], [oh, ow, oc], [kh, kw]) = (c.input, c.output, c.kernel);
    let (icg, ocg) = (ic / c.groups, oc / c.groups);
    let mut y = Vec::new();
    for (n, oy, ox, o) in places(c.batch, oh, ow, oc) {
        let mut sum = bias[o] as f64;
        for (ky, kx, i) in (0..kh).flat_map(|ky| (0..kw).flat_map(move |kx| (0..icg).map(move |i| (ky, kx, i)))) {
            let iy = (oy * c.strides[0] + ky * c.dilations[0]) as isize - c.pads[0] as isize;
            let ix = (ox * c.strides[1] + kx * c.dilations[1]) as isize - c.pads[1] as isize;
            if (0..ih as isize).contains(&iy) && (0..iw as isize).contains(&ix) {
                let at = ((n * ih + iy as usize) * iw + ix as usize) * ic + o / ocg * icg + i;
                sum += x[at] as f64 * w[((o * icg + i) * kh + ky) * kw + kx] as f64;
            }
        }
        y.push(f(sum + residual.get(y.len()).copied().unwrap_or(0.0) as f64));
    }
    y
}

/// Batch, row, column and channel of each element of a tensor `[batch, h, w, c]`, in order.
pub fn places(batch: usize, h: usize, w: usize, c: usize) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..batch * h * w * c).map(move |i| (i / c / w / h, i / c / w % h, i / c % w, i % c))
}

/// Height and width of the input, the kernel, strides, dilations, pads before, and pads after (in the list) or the
/// output (from the iterator).
pub type Geometry = ([usize; 2], [usize; 2], [usize; 2], [usize; 2], [usize; 2], [usize; 2]);
/// Usual layers, and odd ones.
const GEOMETRIES: [Geometry; 16] = [
    ([5, 7], [3, 3], [1, 1], [1, 1], [1, 1], [1, 1]),
    ([14, 14], [3, 3], [1, 1], [1, 1], [1, 1], [1, 1]),
    ([9, 13], [3, 3], [2, 2], [1, 1], [1, 1], [1, 1]),
    ([8, 8], [3, 3], [2, 2], [1, 1], [0, 0], [1, 1]),
    ([7, 7], [1, 1], [1, 1], [1, 1], [0, 0], [0, 0]),
    ([7, 6], [1, 1], [2, 2], [1, 1], [0, 0], [0, 0]),
    ([1, 40], [1, 9], [1, 3], [1, 1], [0, 4], [0, 4]),
    ([40, 1], [9, 1], [2, 1], [1, 1], [4, 0], [3, 0]),
    ([9, 11], [3, 5], [1, 1], [2, 2], [2, 4], [2, 4]),
    ([6, 6], [5, 4], [1, 2], [1, 1], [3, 4], [4, 3]),
    ([2, 2], [3, 3], [1, 1], [1, 1], [1, 1], [1, 1]),
    ([1, 1], [3, 3], [1, 1], [3, 3], [3, 3], [3, 3]),
    ([3, 2], [5, 7], [1, 1], [1, 1], [2, 6], [2, 6]),
    ([4, 3], [2, 2], [3, 3], [1, 1], [0, 0], [0, 0]),
    ([2, 2], [5, 5], [1, 1], [1, 1], [0, 0], [0, 0]),
    // Windows that lie in the padding.
    ([4, 4], [2, 1], [1, 1], [1, 1], [2, 3], [3, 2]),
];

/// The sizes to try, each with its output.
pub fn geometries() -> impl Iterator<Item = Geometry> {
    GEOMETRIES
        .into_iter()
        .map(|(size, kernel, strides, dilations, pads, after)| {
            let out = |i: usize| outputs(size[i], kernel[i], strides[i], dilations[i], pads[i] + after[i]);
            (size, [out(0), out(1)], kernel, strides, dilations, pads)
        })
}

/// Spreads every input over the outputs, as ONNX defines it. `w` as in ONNX; `f` is applied to each sum with its bias.
///
/// # Panics
/// If operands are shorter than the layer says.
pub fn conv_transpose2d_in_f64<F>(
    c: &ConvTranspose2d<F>,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
    f: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let ([ih, iw, ic], [oh, ow, oc], [kh, kw]) = (c.input, c.output, c.kernel);
    let (icg, ocg) = (ic / c.groups, oc / c.groups);
    let mut y: Vec<f64> = (0..c.batch * oh * ow * oc).map(|i| bias[i % oc] as f64).collect();
    for ((n, iy, ix, i), x) in places(c.batch, ih, iw, ic).zip(x) {
        for (o, ky, kx) in (0..ocg).flat_map(|o| (0..kh).flat_map(move |ky| (0..kw).map(move |kx| (o, ky, kx)))) {
            let oy = (iy * c.strides[0] + ky * c.dilations[0]).wrapping_sub(c.pads[0]);
            let ox = (ix * c.strides[1] + kx * c.dilations[1]).wrapping_sub(c.pads[1]);
            if oy < oh && ox < ow {
                let w = w[((i * ocg + o) * kh + ky) * kw + kx];
                y[((n * oh + oy) * ow + ox) * oc + i / icg * ocg + o] += *x as f64 * w as f64;
            }
        }
    }
    y.into_iter().map(f).collect()
}

/// Integers all over the range of a type, its ends among them; the same on every run.
pub fn integers<T: Quantized>(len: usize, seed: u32) -> Vec<T> {
    let ends = [i32::MIN, i32::MAX];
    let span = f64::from(T::narrow(i32::MAX).into()) + 1.0;
    let number = |(i, v): (usize, f32)| match i % 11 {
        9 => T::narrow(ends[i / 11 % 2]),
        _ => T::narrow((f64::from(v) * span).floor() as i32),
    };
    numbers(len, seed).into_iter().enumerate().map(number).collect()
}

/// `zero + sum / 2^shift`, rounded half to even and limited.
pub fn nearest<T: Quantized>(sum: i128, shift: u32, zero: i32, [min, max]: [i32; 2]) -> T {
    fraction(sum, 1 << shift, zero, [min, max])
}

/// `zero + sum / divisor`, rounded half to even and limited.
pub fn fraction<T: Quantized>(sum: i128, divisor: i128, zero: i32, [min, max]: [i32; 2]) -> T {
    let (below, rest) = (sum.div_euclid(divisor), sum.rem_euclid(divisor));
    let up = 2 * rest > divisor || (2 * rest == divisor && below % 2 != 0);
    let value = below + i128::from(up) + i128::from(zero);
    T::narrow(
        value
            .max(min.into())
            .min(max.into())
            .clamp(i32::MIN.into(), i32::MAX.into()) as i32,
    )
}
