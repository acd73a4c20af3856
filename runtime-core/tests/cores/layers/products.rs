use super::operands::{Operands, Place};
use super::packing::{interleave, pack, row_parameters};
use super::random::Random;
use alloc::vec;
use alloc::vec::Vec;
use runtime_core::kernels::{Gemm, qlinear_gemm, qlinear_gemm_interleaved, qlinear_gemm_paired, qlinear_gemm_rows};
use runtime_core::pack::{pack_gemm, packed_gemm_len};
use runtime_core::paired::{self, Grouping};
use runtime_core::{Simd, interleaved};

/// Products of one row and of several.
pub(crate) fn products(place: &mut impl Place, rounds: usize) {
    let mut random = Random(1);
    for _ in 0..rounds {
        let [k, n] = [[40, 13], [40, 80], [600, 13]][random.below(3)];
        let [m, k, n] = match random.below(8) {
            // One row of several chunks, by several blocks of channels.
            0 => [1, 250 + random.below(300), 60 + random.below(80)],
            _ => [1 + random.below(12), 1 + random.below(k), 1 + random.below(n)],
        };
        let m = if random.below(3) == 0 { 1 } else { m };
        let layer = Gemm {
            m,
            k,
            n,
            activation: random.requantize(),
        };
        let (x, w) = (random.bytes(m * k), random.weights(k * n));
        let (bias, multiplier) = (random.biases(n), random.multipliers(n, k));
        let mut panels = vec![0; packed_gemm_len(k, n)];
        pack_gemm(k, n, &w, false, &mut panels);
        let mut expected = vec![0_i8; m * n];
        qlinear_gemm(Simd::BASELINE, layer, &x, &panels, &bias, &multiplier, &mut expected);
        let grouping = if m == 1 { Grouping::TwoPairs } else { Grouping::Pairs };
        let (words, parameters) = pack(1, [k, n], grouping, (&bias, &multiplier), |_, k, c| w[k * n + c]);
        let operands = Operands {
            x: &x,
            w: &words,
            parameters: &parameters,
            scratch: paired::scratch_words(k, m),
            patch: 0,
        };
        operands.check(place, &expected, |x, w, parameters, y, scratch, _| {
            qlinear_gemm_paired(Simd::detect(), &layer, x, w, parameters, y, scratch);
        });
        let (bytes, parameters) = interleave(1, [k, n], (&bias, &multiplier), |_, k, c| w[k * n + c]);
        let operands = Operands {
            x: &x,
            w: &bytes,
            parameters: &parameters,
            scratch: if m == 1 {
                interleaved::scratch_of_row(k, n).iter().sum()
            } else {
                interleaved::scratch_words(k)
            },
            patch: 0,
        };
        operands.check(place, &expected, |x, w, parameters, y, scratch, _| {
            qlinear_gemm_interleaved(Simd::detect(), &layer, x, w, parameters, y, scratch);
        });
        let rows: Vec<i8> = (0..n * k).map(|at| w[at % k * n + at / k]).collect();
        let operands = Operands {
            x: &x,
            w: &rows,
            parameters: &row_parameters(&bias, &multiplier),
            scratch: 0,
            patch: 0,
        };
        operands.check(place, &expected, |x, w, parameters, y, _, _| {
            qlinear_gemm_rows(Simd::detect(), &layer, x, w, parameters, y);
        });
    }
}
