use super::body::{Body, compute, compute_tiles};
use super::chunks::rows;
use super::sum_order::block;
use super::tile::{Tile, cover, load};
use crate::arch::Arch;
use crate::numbers::{Mixed, Numbers};
use crate::pack::{PANEL, packed_gemm_len};
use crate::packed::Packed;
use crate::unrolled::unrolled;
use crate::{Param, Simd};

/// A product of floats by constant weights that are small integers, each block of a sum with a scale:
/// `DequantizeLinear` of the weights and ONNX `MatMul`, or `MatMulNBits` of `com.microsoft`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ScaledGemm {
    /// Rows of the input and of the output.
    pub m: usize,
    /// Columns of the input.
    pub k: usize,
    /// Columns of the output.
    pub n: usize,
    /// Numbers of a sum that share a scale; the last block may be shorter.
    pub block: usize,
}

/// Some rows by one panel.
struct Rows<'a, W: Packed> {
    layer: ScaledGemm,
    x: &'a [f32],
    w: &'a [W::Row],
    scales: &'a [f32],
    y: &'a mut [f32],
    /// The first row and the first column, and the columns of the panel.
    row: usize,
    column: usize,
    columns: usize,
}

/// Operands: inputs, weights, scales; output.
type Operands<'a, W> = (&'a [f32], &'a [W], &'a [f32], &'a mut [f32]);

impl<'a, W: Packed<Number = i8>> Body<Operands<'a, W>> for ScaledGemm {
    #[inline(always)]
    fn body<A: Arch>(self, (x, w, scales, y): Operands<'a, W>) {
        let Self { m, k, n, .. } = self;
        let blocks = k.div_ceil(self.block.max(1));
        let (Some(x), Some(w), Some(scales), Some(y)) = (
            x.get(..m.saturating_mul(k)),
            w.get(..packed_gemm_len(k, n).div_ceil(W::COUNT)),
            scales.get(..blocks.saturating_mul(n)),
            y.get_mut(..m.saturating_mul(n)),
        ) else {
            return debug_assert!(false, "scaled_gemm: an operand is too short");
        };
        let w = W::rows(w);
        let most = block(m, k);
        let mut row = 0;
        while row < m {
            let count = (m - row).min(most);
            for panel in 0..n.div_ceil(PANEL) {
                let column = panel * PANEL;
                let Some(w) = w.get(panel * k..(panel + 1) * k) else {
                    return;
                };
                let columns = (n - column).min(PANEL);
                let mut body: Rows<'_, W> = Rows {
                    layer: self,
                    x,
                    w,
                    scales,
                    y: &mut *y,
                    row,
                    column,
                    columns,
                };
                cover::<A>(count, columns, &mut body);
            }
            row += count;
        }
    }
}

impl<W: Packed<Number = i8>> Tile for Rows<'_, W> {
    type Numbers = Mixed;

    #[inline(always)]
    fn tile<A: Arch, const M: usize, const N: usize, const LANE: usize>(&mut self, first: usize) {
        let ScaledGemm { k, n, block, .. } = self.layer;
        let (row, output) = (self.row + first, self.column + LANE);
        let len = self.columns.saturating_sub(LANE).min(N);
        let x = self.x;
        let mut sums = [[0.0; N]; M];
        let mut start = 0;
        for scales in rows(self.scales, n) {
            let count = block.min(k - start);
            let Some(panel) = self.w.get(start..start + count) else {
                return;
            };
            let mut parts = [x; M];
            unrolled!(i in 0..M {
                let at = (row + i) * k + start;
                let Some(part) = x.get(at..at + count) else { return };
                parts[i] = part;
            });
            let products = Mixed::tile::<A, W, M, N, LANE>([[0.0; N]; M], parts, panel);
            let scales: [f32; N] = load(scales.get(output..output + len).unwrap_or(&[]), 0.0);
            unrolled!(i in 0..M {
                for j in 0..N {
                    sums[i][j] = A::fma(products[i][j], scales[j], sums[i][j]);
                }
            });
            start += count;
        }
        for (i, sums) in sums.into_iter().enumerate() {
            let at = (row + i) * n + output;
            let Some(y) = self.y.get_mut(at..at + len) else { return };
            match y.first_chunk_mut() {
                Some(y) => *y = sums,
                None => y.iter_mut().zip(sums).for_each(|(y, sum)| *y = sum),
            }
        }
    }
}

/// `y = x * (w * scales)`: `x` is `[m, k]`, `w` are integers `[k, n]`, packed by [`pack_gemm`](crate::pack::pack_gemm),
/// two to a byte or not, `scales` are `[blocks, n]`, and `y` is `[m, n]`.
#[inline(always)]
pub fn scaled_gemm<P: Param<ScaledGemm>, W: Packed<Number = i8>>(
    simd: Simd,
    layer: P,
    x: &[f32],
    w: &[W],
    scales: &[f32],
    y: &mut [f32],
) {
    let operands = (x, w, scales, y);
    if layer.get().n > PANEL / 2 {
        compute_tiles(simd, layer, operands)
    } else {
        compute(simd, layer, operands)
    }
}
