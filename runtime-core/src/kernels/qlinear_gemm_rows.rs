use super::body::{Body, compute_shared};
use super::gemm::Gemm;
use crate::Simd;
use crate::arch::{Arch, RowsPanel};
use crate::requantize::Requantize;
use crate::rows::ROWS;
use crate::upper_word::limit;

/// The operands of [`qlinear_gemm_rows`].
struct Operands<'a> {
    x: &'a [i8],
    w: &'a [i8],
    parameters: &'a [i32],
    y: &'a mut [i8],
}

impl Body<Operands<'_>> for &Gemm<Requantize> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'_>) {
        let Gemm { m, k, n, activation } = *self;
        let (Some(x), Some(y)) = (
            operands.x.get(..m.saturating_mul(k)),
            operands.y.get_mut(..m.saturating_mul(n)),
        ) else {
            debug_assert!(false, "qlinear_gemm_rows: an operand is too short");
            return;
        };
        let panel = RowsPanel {
            w: operands.w,
            parameters: operands.parameters,
            inputs: k,
            channels: n,
            zero: activation.zero,
        };
        if m == 1 {
            A::row(panel, x, y);
        } else if k != 0 && n != 0 {
            for (x, y) in x.chunks((ROWS * k).max(1)).zip(y.chunks_mut((ROWS * n).max(1))) {
                // Where there are fewer rows at the end, the first of them is computed several times.
                let missing = ROWS.saturating_sub(y.len().checked_div(n).unwrap_or(0));
                let place = |row: usize| row.saturating_sub(missing);
                let from = [0, 1, 2, 3].map(|row| place(row) * k);
                A::rows(panel, x, from, y, [0, 1, 2, 3].map(|row| place(row) * n));
            }
        }
        limit([activation.min, activation.max], y);
    }
}

/// ONNX `QLinearMatMul` by constant rows of weights: `x` is `[m, k]`, `w` is `[n, k]`, `y` is `[m, n]`. `parameters`
/// are packed by [`pack_parameters`](crate::rows::pack_parameters), from biases minus the products of the input's zero
/// point and the weights. The shift is [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_gemm_rows(simd: Simd, layer: &Gemm<Requantize>, x: &[i8], w: &[i8], parameters: &[i32], y: &mut [i8]) {
    compute_shared(simd, layer, Operands { x, w, parameters, y })
}
