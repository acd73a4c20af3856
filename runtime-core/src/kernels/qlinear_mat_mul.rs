use super::chunks::{blocks_mut, rows, rows_mut};
use super::mat_mul::{Batches, MatMul, part};
use super::output::Output;
use crate::arch::{Arch, Kernel};
use crate::requantize::Quantized;
use crate::{Param, Simd};

/// ONNX `MatMul` of two quantised tensors of which neither is constant. Each batch is one product of row-major matrices.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "[usize; R]: serde::Serialize")))]
pub struct QlinearMatMul<const R: usize> {
    /// The output's leading dimensions.
    pub batch: [usize; R],
    /// Elements of `a` between neighbours along each of these; zero where `a` is broadcast.
    pub a_strides: [usize; R],
    /// Elements of `b` between neighbours along each of these; zero where `b` is broadcast.
    pub b_strides: [usize; R],
    /// Rows of `a` and of the output.
    pub m: usize,
    /// Columns of `a`, rows of `b`; at most 33025 of `i8`, so that sums fit.
    pub k: usize,
    /// Columns of `b` and of the output.
    pub n: usize,
    /// Zero point of `a`.
    pub a_zero: i32,
    /// Zero point of `b`.
    pub b_zero: i32,
    /// Product of the operands' scales over the output's, times `2^shift`.
    pub multiplier: i32,
    /// Bits to shift by, 1 to 62.
    pub shift: u32,
    /// Zero point of the output.
    pub zero: i32,
    /// Least output.
    pub min: i32,
    /// Greatest output.
    pub max: i32,
}

/// An element whose products can be summed.
pub trait Factor: Quantized {
    /// `sum + a * b`, of elements less their zero points.
    fn multiply_add(a: i32, b: i32, sum: Self::Sum) -> Self::Sum;
}

impl Factor for i8 {
    #[inline(always)]
    fn multiply_add(a: i32, b: i32, sum: i32) -> i32 {
        sum.wrapping_add(a.wrapping_mul(b))
    }
}

impl Factor for i16 {
    #[inline(always)]
    fn multiply_add(a: i32, b: i32, sum: i64) -> i64 {
        sum.wrapping_add(i64::from(a).wrapping_mul(b.into()))
    }
}

/// Columns whose sums are kept at a time.
const COLUMNS: usize = 16;

struct Call<'a, P, T, U, const R: usize> {
    layer: P,
    a: &'a [T],
    b: &'a [T],
    y: &'a mut [U],
}

impl<'a, P: Param<QlinearMatMul<R>>, T: Factor, U: Quantized, const R: usize> Kernel for Call<'a, P, T, U, R> {
    type Shared = Call<'a, QlinearMatMul<R>, T, U, R>;

    #[inline(always)]
    fn shared(self) -> Self::Shared {
        Call {
            layer: self.layer.get(),
            a: self.a,
            b: self.b,
            y: self.y,
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        let QlinearMatMul {
            batch,
            a_strides,
            b_strides,
            m,
            k,
            n,
            a_zero,
            b_zero,
            multiplier,
            shift,
            zero,
            min,
            max,
        } = self.layer.get();
        let output = Output { shift, zero, min, max };
        let batches = Batches::new(MatMul {
            batch,
            a_strides,
            b_strides,
            m,
            k,
            n,
        });
        let (a_len, b_len, y_len) = (m.saturating_mul(k), k.saturating_mul(n), m.saturating_mul(n));
        for ([a, b], y) in batches.zip(rows_mut(self.y, y_len)) {
            let (Some(a), Some(b)) = (part(self.a, a, a_len), part(self.b, b, b_len)) else {
                return;
            };
            for (row, y) in rows_mut(y, n).enumerate() {
                let Some(a) = part(a, row.wrapping_mul(k), k) else {
                    return;
                };
                for (block, y) in blocks_mut(y, COLUMNS).enumerate() {
                    let sums = sums::<T>((a, a_zero), (b, b_zero), n, block * COLUMNS);
                    for (y, sum) in y.iter_mut().zip(sums) {
                        *y = output.of(T::total(sum), multiplier);
                    }
                }
            }
        }
    }
}

/// The sums of one row of `a` by the columns of `b` from `column` on.
#[inline(always)]
fn sums<T: Factor>((a, a_zero): (&[T], i32), (b, b_zero): (&[T], i32), n: usize, column: usize) -> [T::Sum; COLUMNS] {
    let mut sums = [T::ZERO; COLUMNS];
    for (a, b) in a.iter().zip(rows(b, n)) {
        let a = Into::<i32>::into(*a).wrapping_sub(a_zero);
        let b = b.get(column..).unwrap_or(&[]);
        if let Some(b) = b.first_chunk::<COLUMNS>() {
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum = T::multiply_add(a, Into::<i32>::into(*b).wrapping_sub(b_zero), *sum);
            }
        } else {
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum = T::multiply_add(a, Into::<i32>::into(*b).wrapping_sub(b_zero), *sum);
            }
        }
    }
    sums
}

/// `y = zero + (a - a_zero) * (b - b_zero) * multiplier / 2^shift`, rounded once, half to even, and limited: `a` holds
/// matrices `[m, k]`, `b` matrices `[k, n]`, `y` is `[batch.., m, n]`.
#[inline(always)]
pub fn qlinear_mat_mul<T: Factor, U: Quantized, P: Param<QlinearMatMul<R>>, const R: usize>(
    simd: Simd,
    layer: P,
    a: &[T],
    b: &[T],
    y: &mut [U],
) {
    simd.run(Call { layer, a, b, y });
}
