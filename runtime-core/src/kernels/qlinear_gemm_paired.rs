use super::body::{Body, compute_shared};
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

impl Body<Operands<'_>> for &Gemm<Requantize> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'_>) {
        let Gemm { m, k, n, activation } = *self;
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
        } else {
            let mut first = 0;
            while first < m {
                // Fewer rows at the end take the last places; the places before have the first of them.
                let missing = (first + ROWS).saturating_sub(m);
                let place = |row: usize| first + row.saturating_sub(missing);
                let [a, b, c] = [place(0), place(1), place(2)];
                let row = |row: usize| x.get(row * k..row * k + k).unwrap_or_default();
                A::widen_rows([row(a), row(b), row(c)], words);
                A::paired_rows(panel, words, y, [a * n, b * n, c * n]);
                first += ROWS;
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
    layer: &Gemm<Requantize>,
    x: &[i8],
    w: &[u32],
    parameters: &[i32],
    y: &mut [i8],
    scratch: &mut [u32],
) {
    compute_shared(
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
