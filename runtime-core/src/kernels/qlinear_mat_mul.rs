use super::chunks::rows_mut;
use super::mat_mul::{Batches, MatMul, part};
use super::output::Output;
use super::tile::{Split, Windows};
use crate::arch::{Arch, Kernel};
use crate::requantize::Quantized;
use crate::unrolled::unrolled;
use crate::{Param, Simd};

/// ONNX `MatMul` of two quantised tensors of which neither is constant. Each batch is one product of row-major
/// matrices.
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
    /// `sum + a * b`, of elements minus their zero points.
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
            let product = Product {
                a,
                a_zero,
                b,
                b_zero,
                k,
                n,
                multiplier,
                output,
            };
            product.run::<A, _>(m, y);
        }
    }
}

/// One product of matrices.
#[derive(Clone, Copy)]
struct Product<'a, T> {
    a: &'a [T],
    a_zero: i32,
    b: &'a [T],
    b_zero: i32,
    k: usize,
    n: usize,
    multiplier: i32,
    output: Output,
}

impl<T: Factor> Product<'_, T> {
    #[inline(always)]
    fn run<A: Arch, U: Quantized>(self, m: usize, y: &mut [U]) {
        if self.n >= 16 && !A::NARROW {
            self.columns::<A, U, 16>(m, y);
        } else if self.n >= 4 {
            self.columns::<A, U, 4>(m, y);
        } else {
            self.columns::<A, U, 1>(m, y);
        }
    }

    /// All of the product, `N` columns at a time; the last tiles may overlap those before.
    #[inline(always)]
    fn columns<A: Arch, U: Quantized, const N: usize>(self, m: usize, y: &mut [U]) {
        for column in Windows::<N>::new(self.n) {
            if A::NARROW {
                for (row, rows) in Split::<2>::new(m) {
                    match rows {
                        2 => self.tile::<U, 2, N>(row, column, y),
                        _ => self.tile::<U, 1, N>(row, column, y),
                    }
                }
            } else {
                for (row, rows) in Split::<4>::new(m) {
                    match rows {
                        4 => self.tile::<U, 4, N>(row, column, y),
                        3 => self.tile::<U, 3, N>(row, column, y),
                        2 => self.tile::<U, 2, N>(row, column, y),
                        _ => self.tile::<U, 1, N>(row, column, y),
                    }
                }
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // By index, so that the bounds checks go.
    fn tile<U: Quantized, const M: usize, const N: usize>(self, row: usize, column: usize, y: &mut [U]) {
        let Self { a, k, n, .. } = self;
        let mut rows = [a; M];
        unrolled!(i in 0..M {
            let Some(row) = part(a, (row + i) * k, k) else { return };
            rows[i] = row;
        });
        let mut sums = [[T::ZERO; N]; M];
        let mut b = self.b.get(column..).unwrap_or(&[]);
        for k in 0..k {
            let Some(elements) = b.first_chunk::<N>() else { return };
            let mut factors = [0; N];
            for j in 0..N {
                factors[j] = Into::<i32>::into(elements[j]).wrapping_sub(self.b_zero);
            }
            unrolled!(i in 0..M {
                let a = Into::<i32>::into(rows[i][k]).wrapping_sub(self.a_zero);
                for j in 0..N {
                    sums[i][j] = T::multiply_add(a, factors[j], sums[i][j]);
                }
            });
            b = b.get(n..).unwrap_or(&[]);
        }
        for (i, sums) in sums.into_iter().enumerate() {
            let y = y
                .get_mut((row + i) * n + column..)
                .and_then(|y| y.first_chunk_mut::<N>());
            let Some(y) = y else { return };
            for (y, sum) in y.iter_mut().zip(sums) {
                *y = self.output.of(T::total(sum), self.multiplier);
            }
        }
    }
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
