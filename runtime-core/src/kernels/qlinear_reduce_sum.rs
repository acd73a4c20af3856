use super::body::{Body, compute};
use super::chunks::{blocks_mut, rows, rows_mut};
use super::output::Output;
use crate::Simd;
use crate::arch::Arch;
use crate::requantize::Quantized;

/// Adds up the elements of a quantised tensor along an axis: ONNX `ReduceSum`, `ReduceMean` and `GlobalAveragePool`.
/// Adjacent axes are merged; other sets of axes take a transposition.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QlinearReduceSum {
    /// Product of the sizes of the axes before the reduced one.
    pub outer: usize,
    /// Size of the reduced axis, at most 2^23.
    pub axis: usize,
    /// Product of the sizes of the axes after it.
    pub inner: usize,
    /// Zero point of the input.
    pub x_zero: i32,
    /// The input's scale over the output's, for a mean over the size of the axis too, times `2^shift`.
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

/// Columns whose sums are kept at a time.
const COLUMNS: usize = 16;

impl QlinearReduceSum {
    #[inline(always)]
    fn finish<T: Quantized, U: Quantized>(self, sum: T::Sum) -> U {
        let Self {
            shift, zero, min, max, ..
        } = self;
        let correction = (self.axis as i64).wrapping_mul(self.x_zero.into());
        let output = Output { shift, zero, min, max };
        output.of(T::total(sum).wrapping_sub(correction), self.multiplier)
    }

    #[inline(always)]
    fn columns<T: Quantized, U: Quantized>(self, x: &[T], y: &mut [U]) {
        for (block, y) in blocks_mut(y, COLUMNS).enumerate() {
            let mut sums = [T::ZERO; COLUMNS];
            for x in rows(x, self.inner) {
                let x = x.get(block * COLUMNS..).unwrap_or(&[]);
                if let Some(x) = x.first_chunk::<COLUMNS>() {
                    for (sum, x) in sums.iter_mut().zip(x) {
                        *sum = T::add(*sum, T::bias((*x).into()));
                    }
                } else {
                    for (sum, x) in sums.iter_mut().zip(x) {
                        *sum = T::add(*sum, T::bias((*x).into()));
                    }
                }
            }
            for (y, sum) in y.iter_mut().zip(sums) {
                *y = self.finish::<T, U>(sum);
            }
        }
    }
}

impl<'a, T: Quantized, U: Quantized> Body<(&'a [T], &'a mut [U])> for QlinearReduceSum {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [T], &'a mut [U])) {
        if self.axis == 0 {
            y.fill(self.finish::<T, U>(T::ZERO));
        } else if self.inner == 1 {
            for (y, x) in y.iter_mut().zip(rows(x, self.axis)).take(self.outer) {
                let sum = x.iter().fold(T::ZERO, |sum, x| T::add(sum, T::bias((*x).into())));
                *y = self.finish::<T, U>(sum);
            }
        } else if let Some(matrix) = self.axis.checked_mul(self.inner) {
            for (y, x) in rows_mut(y, self.inner).zip(rows(x, matrix)).take(self.outer) {
                self.columns(x, y);
            }
        }
    }
}

/// `y[o, i] = zero + sum(x[o, .., i] - x_zero) * multiplier / 2^shift`, rounded once, half to even, and limited.
#[inline(always)]
pub fn qlinear_reduce_sum<T: Quantized, U: Quantized>(simd: Simd, layer: &QlinearReduceSum, x: &[T], y: &mut [U]) {
    compute::<_, QlinearReduceSum, _>(simd, layer, (x, y))
}
