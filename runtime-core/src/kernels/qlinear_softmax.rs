use super::body::{Body, compute};
use super::chunks::{rows, rows_mut};
use super::output::Output;
use super::powers::{ONE_BITS, Powers, divide, log2, normal};
use super::walk::line;
use crate::Simd;
use crate::arch::Arch;
use crate::requantize::Quantized;

/// ONNX `Softmax` of a quantised tensor along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QlinearSoftmax {
    /// Product of the sizes of the axes before the normalised one.
    pub outer: usize,
    /// Size of the normalised axis, less than 2^31.
    pub axis: usize,
    /// Product of the sizes of the axes after it.
    pub inner: usize,
    /// One over the output's scale, times `2^shift`.
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

/// ONNX `LogSoftmax` of a quantised tensor along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QlinearLogSoftmax {
    /// Product of the sizes of the axes before the normalised one.
    pub outer: usize,
    /// Size of the normalised axis, less than 2^31.
    pub axis: usize,
    /// Product of the sizes of the axes after it.
    pub inner: usize,
    /// The input's scale over the output's, times `2^shift`.
    pub score: i64,
    /// The logarithm of 2 over the output's scale, times `2^(shift - 28)`.
    pub log: i64,
    /// Bits to shift by, 1 to 62.
    pub shift: u32,
    /// Zero point of the output.
    pub zero: i32,
    /// Least output.
    pub min: i32,
    /// Greatest output.
    pub max: i32,
}

/// Extents of an operand: outer, axis, inner.
type Extents = [usize; 3];

/// Applied to the powers along one line of elements.
trait Line: Copy {
    /// From the sum of the powers.
    fn prepare(self, sum: u64) -> Self;
    /// The output for an element `below` the greatest, of power `power`.
    fn finish<A: Arch, U: Quantized>(self, below: i32, power: u32) -> U;
}

#[inline(always)]
fn lines<A: Arch, T: Powers, U: Quantized>(
    [outer, axis, inner]: Extents,
    x: &[T],
    table: &[u32],
    y: &mut [U],
    by: impl Line,
) {
    let table = T::table(table);
    debug_assert!(table.is_some(), "qlinear_softmax: the table is too short");
    let (Some(table), Some(matrix)) = (table, axis.checked_mul(inner)) else {
        return;
    };
    for (x, y) in rows(x, matrix).zip(rows_mut(y, matrix)).take(outer) {
        for start in 0..inner {
            let line = || line(x, start, inner, axis).map(Into::<i32>::into);
            let greatest = line().fold(i32::MIN, i32::max);
            let sum = line().fold(0u64, |sum, x| {
                sum.wrapping_add(T::power(table, greatest.wrapping_sub(x)).into())
            });
            let by = by.prepare(sum);
            for (i, x) in line().enumerate() {
                let below = greatest.wrapping_sub(x);
                let Some(y) = y.get_mut(i.wrapping_mul(inner).wrapping_add(start)) else {
                    return;
                };
                *y = by.finish::<A, _>(below, T::power(table, below));
            }
        }
    }
}

/// A multiplier of powers that gives outputs.
#[derive(Clone, Copy)]
struct Quotient {
    multiplier: i32,
    output: Output,
}

impl Line for Quotient {
    /// The division by the sum happens once, in the multiplier.
    #[inline(always)]
    fn prepare(mut self, sum: u64) -> Self {
        let (divisor, excess) = normal(sum);
        let dividend = u64::from(self.multiplier as u32) << ONE_BITS;
        let quotient = divide(dividend.wrapping_add(u64::from(divisor >> 1)), divisor);
        let shift = self.output.shift + ONE_BITS + excess;
        // Products have 62 bits at most: beyond, all outputs round to zero.
        (self.multiplier, self.output.shift) = match quotient {
            Some(quotient) if shift <= 62 => (quotient as i32, shift),
            _ => (0, 62),
        };
        self
    }

    #[inline(always)]
    fn finish<A: Arch, U: Quantized>(self, _: i32, power: u32) -> U {
        self.output.of_few::<A, _>(power.into(), self.multiplier)
    }
}

/// Differences of scores minus a logarithm.
#[derive(Clone, Copy)]
struct Difference {
    score: i64,
    log: i64,
    output: Output,
}

impl Line for Difference {
    /// The logarithm of the sum in the output's steps.
    #[inline(always)]
    fn prepare(mut self, sum: u64) -> Self {
        self.log = self.log.wrapping_mul(log2(sum));
        self
    }

    #[inline(always)]
    fn finish<A: Arch, U: Quantized>(self, below: i32, _: u32) -> U {
        let score = i64::from(below).wrapping_mul(self.score);
        self.output
            .of_few::<A, _>(score.wrapping_add(self.log).wrapping_neg(), 1)
    }
}

impl<'a, T: Powers, U: Quantized> Body<(&'a [T], &'a [u32], &'a mut [U])> for QlinearSoftmax {
    #[inline(always)]
    fn body<A: Arch>(self, (x, table, y): (&'a [T], &'a [u32], &'a mut [U])) {
        let Self {
            multiplier,
            shift,
            zero,
            min,
            max,
            ..
        } = self;
        let output = Output { shift, zero, min, max };
        let by = Quotient { multiplier, output };
        lines::<A, _, _>([self.outer, self.axis, self.inner], x, table, y, by);
    }
}

impl<'a, T: Powers, U: Quantized> Body<(&'a [T], &'a [u32], &'a mut [U])> for QlinearLogSoftmax {
    #[inline(always)]
    fn body<A: Arch>(self, (x, table, y): (&'a [T], &'a [u32], &'a mut [U])) {
        let Self {
            score,
            log,
            shift,
            zero,
            min,
            max,
            ..
        } = self;
        let output = Output { shift, zero, min, max };
        let by = Difference { score, log, output };
        lines::<A, _, _>([self.outer, self.axis, self.inner], x, table, y, by);
    }
}

/// Softmax along the axis. The table holds powers of e times `2^31`: for `i8`, entry `k` is `exp(-k * scale)`, where
/// `scale` is the input's; for `i16` so are the first 256, and entry `256 + k` is `exp(-256 * k * scale)`.
#[inline(always)]
pub fn qlinear_softmax<T: Powers, U: Quantized>(
    simd: Simd,
    layer: &QlinearSoftmax,
    x: &[T],
    table: &[u32],
    y: &mut [U],
) {
    debug_assert_eq!(x.len(), y.len());
    compute::<_, QlinearSoftmax, _>(simd, layer, (x, table, y))
}

/// Logarithm of the softmax along the axis, with the table of [`qlinear_softmax`].
#[inline(always)]
pub fn qlinear_log_softmax<T: Powers, U: Quantized>(
    simd: Simd,
    layer: &QlinearLogSoftmax,
    x: &[T],
    table: &[u32],
    y: &mut [U],
) {
    debug_assert_eq!(x.len(), y.len());
    compute::<_, QlinearLogSoftmax, _>(simd, layer, (x, table, y))
}
