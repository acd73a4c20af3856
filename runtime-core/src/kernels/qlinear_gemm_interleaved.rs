use super::body::{Body, compute_shared};
use super::gemm::Gemm;
use crate::Simd;
use crate::arch::{Arch, InterleavedPanel};
use crate::interleaved::{BLOCK, CHUNK, ROWS, WIDTH, inputs, scratch_of_row, scratch_words};
use crate::requantize::Requantize;
use crate::upper_word::limit;

/// The operands of [`qlinear_gemm_interleaved`].
struct Operands<'a> {
    x: &'a [i8],
    w: &'a [u8],
    parameters: &'a [i32],
    y: &'a mut [i8],
    scratch: &'a mut [u32],
}

/// Several rows, five at a time.
#[inline(always)]
fn rows<A: Arch>(panel: InterleavedPanel<'_>, k: usize, x: &[i8], y: &mut [i8], words: &mut [u32]) {
    let n = panel.channels;
    if k == 0 || n == 0 {
        return;
    }
    words.fill(0);
    for (x, y) in x.chunks((ROWS * k).max(1)).zip(y.chunks_mut((ROWS * n).max(1))) {
        // Fewer rows at the end take the last places; the places before have the first of them.
        let missing = ROWS.saturating_sub(y.len().checked_div(n).unwrap_or(0));
        for (row, x) in x.chunks(k.max(1)).enumerate() {
            A::widen_bytes(x, words.get_mut(missing + row..).unwrap_or_default(), ROWS);
        }
        let starts = [0, 1, 2, 3, 4].map(|row: usize| row.saturating_sub(missing) * n);
        A::interleaved_rows(panel, words, y, starts);
    }
}

/// One row: the sums of a block of channels are kept while the chunks of the row go by. A row of one chunk is widened
/// once, any other once per block.
#[inline(always)]
fn row<A: Arch>(panel: InterleavedPanel<'_>, x: &[i8], y: &mut [i8], words: &mut [u32], sums: &mut [u32]) {
    let inputs = panel.inputs;
    for (index, y) in y.chunks_mut(BLOCK).enumerate() {
        let first = index * BLOCK;
        let block = InterleavedPanel {
            w: panel.w.get(first * inputs..).unwrap_or_default(),
            parameters: panel.parameters.get(2 * first..).unwrap_or_default(),
            channels: y.len(),
            ..panel
        };
        for (sums, parameters) in sums.chunks_mut(WIDTH).zip(block.parameters.chunks(2 * WIDTH)) {
            for (sum, bias) in sums.iter_mut().zip(parameters) {
                *sum = *bias as u32;
            }
        }
        for (chunk, x) in x.chunks(CHUNK).enumerate() {
            let Some(words) = words.get_mut(..x.len().next_multiple_of(4)) else {
                return;
            };
            if index == 0 || inputs > CHUNK {
                words.fill(0);
                A::widen_bytes(x, words, 1);
            }
            A::interleaved_sums(block, chunk * CHUNK, words, sums);
        }
        A::interleaved_results(block, sums, y);
    }
}

impl Body<Operands<'_>> for &Gemm<Requantize> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'_>) {
        let Gemm { m, k, n, activation } = *self;
        let [chunk, block] = scratch_of_row(k, n);
        let words = if m == 1 { chunk + block } else { scratch_words(k) };
        let (Some(x), Some(y), Some(words)) = (
            operands.x.get(..m.saturating_mul(k)),
            operands.y.get_mut(..m.saturating_mul(n)),
            operands.scratch.get_mut(..words),
        ) else {
            debug_assert!(false, "qlinear_gemm_interleaved: an operand is too short");
            return;
        };
        let panel = InterleavedPanel {
            w: operands.w,
            parameters: operands.parameters,
            inputs: inputs(k),
            channels: n,
            zero: activation.zero,
        };
        if m != 1 {
            rows::<A>(panel, k, x, y, words);
        } else if let Some((words, sums)) = words.split_at_mut_checked(chunk) {
            row::<A>(panel, x, y, words, sums);
        }
        limit([activation.min, activation.max], y);
    }
}

/// ONNX `QLinearMatMul` by constant weights in fours of channels: `x` is `[m, k]`, `y` is `[m, n]`. `w` is packed by
/// [`pack`](crate::interleaved::pack), and `parameters` by
/// [`pack_parameters`](crate::interleaved::pack_parameters), from biases minus the products of the input's zero point
/// and the weights. `scratch` has [`scratch_words`], for one row the sum of [`scratch_of_row`]. The shift is
/// [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_gemm_interleaved(
    simd: Simd,
    layer: &Gemm<Requantize>,
    x: &[i8],
    w: &[u8],
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
