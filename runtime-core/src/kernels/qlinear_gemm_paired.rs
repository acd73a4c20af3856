use super::body::{Body, compute};
use super::gemm::Gemm;
use crate::Simd;
use crate::arch::{Arch, PairedPanel};
use crate::paired::{ROWS, quads, scratch_words};
use crate::requantize::Requantize;
use crate::upper_word::limit;

/// The operands of [`qlinear_gemm_paired`].
struct Operands<'a> {
    x: &'a [i8],
    w: &'a [u32],
    parameters: &'a [i32],
    y: &'a mut [i8],
    scratch: &'a mut [u32],
}

impl Body<Operands<'_>> for Gemm<Requantize> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'_>) {
        let Self { m, k, n, activation } = self;
        let (Some(x), Some(y), Some(words)) = (
            operands.x.get(..m.saturating_mul(k)),
            operands.y.get_mut(..m.saturating_mul(n)),
            operands.scratch.get_mut(..scratch_words(k, m)),
        ) else {
            debug_assert!(false, "qlinear_gemm_paired: an operand is too short");
            return;
        };
        let panel = PairedPanel {
            w: operands.w,
            parameters: operands.parameters,
            quads: quads(k),
            channels: n,
            zero: activation.zero,
        };
        if m == 1 {
            A::widen(x, words, 2);
            A::paired_row(panel, words, y);
        } else if k != 0 && n != 0 {
            for (x, y) in x.chunks((ROWS * k).max(1)).zip(y.chunks_mut((ROWS * n).max(1))) {
                // Fewer rows at the end take the last places; the places before have the first of them.
                let missing = ROWS.saturating_sub(y.len().checked_div(n).unwrap_or(0));
                let place = |row: usize| row.saturating_sub(missing);
                let rows = [0, 1, 2].map(|row| x.get(place(row) * k..(place(row) + 1) * k).unwrap_or_default());
                A::widen_rows(rows, words);
                A::paired_rows(panel, words, y, [0, 1, 2].map(|row| place(row) * n));
            }
        }
        limit([activation.min, activation.max], y);
    }
}

/// ONNX `QLinearMatMul` by constant weights in pairs of channels: `x` is `[m, k]`, `y` is `[m, n]`. `w` is packed by
/// [`pack`](crate::paired::pack), for one row in groups of two pairs, and `parameters` by
/// [`pack_parameters`](crate::paired::pack_parameters), from biases minus the products of the input's zero point and
/// the weights. `scratch` has [`scratch_words`] of `k` and `m`. The shift is [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_gemm_paired(
    simd: Simd,
    layer: Gemm<Requantize>,
    x: &[i8],
    w: &[u32],
    parameters: &[i32],
    y: &mut [i8],
    scratch: &mut [u32],
) {
    compute(
        simd,
        layer,
        Operands {
            x,
            w,
            parameters,
            y,
            scratch,
        },
    )
}
