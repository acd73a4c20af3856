use super::body::{Body, compute};
use super::chunks::{blocks_mut, rows, rows_mut};
use super::output::Output;
use super::walk::row;
use crate::Simd;
use crate::arch::Arch;
use crate::requantize::Quantized;

/// Weighted sums of the elements of a quantised tensor along two axes at once: ONNX `Resize` (linear, cubic, with or
/// without antialiasing). The compiler works the coordinates out into tables of indices and fixed-point weights, those
/// of the first axis times the input's scale over the output's. Where only one axis is resized, the second has one
/// element.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QlinearResize {
    /// Product of the sizes of the axes before the first resized one.
    pub outer: usize,
    /// Sizes of the two axes in the input.
    pub input: [usize; 2],
    /// Sizes of the two axes in the output.
    pub output: [usize; 2],
    /// Product of the sizes of the axes between them.
    pub between: usize,
    /// Product of the sizes of the axes after the second.
    pub inner: usize,
    /// Elements along each of the two axes that make up one.
    pub taps: [usize; 2],
    /// Zero point of the input.
    pub x_zero: i32,
    /// Bits to shift by, 1 to 62: those after the points of both axes' weights.
    pub shift: u32,
    /// Zero point of the output.
    pub zero: i32,
    /// Least output.
    pub min: i32,
    /// Greatest output.
    pub max: i32,
}

/// Elements after both axes whose sums are kept at a time.
const COLUMNS: usize = 16;

/// The elements that make up one along an axis, with their weights.
#[inline(always)]
fn taps(pairs: &[i32]) -> impl Iterator<Item = (usize, i32)> {
    rows(pairs, 2).map_while(|pair| Some((*pair.first()? as usize, *pair.last()?)))
}

impl QlinearResize {
    /// The elements after both axes at one position of the output; `x` is one of `outer` parts.
    #[inline(always)]
    fn position<T: Quantized, U: Quantized>(self, x: &[T], middle: usize, [first, second]: [&[i32]; 2], y: &mut [U]) {
        let Self {
            shift, zero, min, max, ..
        } = self;
        let output = Output { shift, zero, min, max };
        for (block, y) in blocks_mut(y, COLUMNS).enumerate() {
            let mut sums = [0_i64; COLUMNS];
            for (i, weight) in taps(first) {
                let mut part = [T::ZERO; COLUMNS];
                let line = i
                    .wrapping_mul(self.between)
                    .wrapping_add(middle)
                    .wrapping_mul(self.input[1]);
                for (j, weight) in taps(second) {
                    let start = line.wrapping_add(j).wrapping_mul(self.inner);
                    let start = start.wrapping_add(block.wrapping_mul(COLUMNS));
                    let Some(x) = row(x, start, y.len()) else { return };
                    if let Some(x) = x.first_chunk::<COLUMNS>() {
                        for (sum, x) in part.iter_mut().zip(x) {
                            *sum = x.weigh(self.x_zero, weight, *sum);
                        }
                    } else {
                        for (sum, x) in part.iter_mut().zip(x) {
                            *sum = x.weigh(self.x_zero, weight, *sum);
                        }
                    }
                }
                for (sum, part) in sums.iter_mut().zip(part) {
                    *sum = sum.wrapping_add(T::total(part).wrapping_mul(weight.into()));
                }
            }
            for (y, sum) in y.iter_mut().zip(sums) {
                *y = output.of(sum, 1);
            }
        }
    }
}

impl<'a, T: Quantized, U: Quantized> Body<(&'a [T], [&'a [i32]; 2], &'a mut [U])> for QlinearResize {
    #[inline(always)]
    fn body<A: Arch>(self, (x, tables, y): (&'a [T], [&'a [i32]; 2], &'a mut [U])) {
        let size = |[first, second]: [usize; 2]| {
            let line = second.checked_mul(self.inner)?;
            Some([line, line.checked_mul(self.between)?.checked_mul(first)?])
        };
        let (Some([_, part]), Some([line, part_y])) = (size(self.input), size(self.output)) else {
            return;
        };
        let widths = self.taps.map(|taps| taps.wrapping_mul(2));
        for (x, y) in rows(x, part).zip(rows_mut(y, part_y)).take(self.outer) {
            let mut lines = rows_mut(y, line);
            for first in rows(tables[0], widths[0]) {
                for middle in 0..self.between {
                    let Some(y) = lines.next() else { return };
                    for (y, second) in rows_mut(y, self.inner).zip(rows(tables[1], widths[1])) {
                        self.position(x, middle, [first, second], y);
                    }
                }
            }
        }
    }
}

/// `y[o, i, b, j, n]` is `zero` and, over `2^shift`, the sum over `k` and `l` of
/// `v[i, k] * w[j, l] * (x[o, p[i, k], b, q[j, l], n] - x_zero)`, rounded once, half to even, and limited.
///
/// `first` holds `taps` pairs of an index `p` and a weight `v` for each output position of the first axis, `second`
/// those of `q` and `w`. The sums along the second axis must fit into [`Quantized::Sum`], the whole into 63 bits.
#[inline(always)]
pub fn qlinear_resize<T: Quantized, U: Quantized>(
    simd: Simd,
    layer: &QlinearResize,
    x: &[T],
    first: &[i32],
    second: &[i32],
    y: &mut [U],
) {
    compute::<_, QlinearResize, _>(simd, layer, (x, [first, second], y))
}
