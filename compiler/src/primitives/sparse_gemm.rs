//! Products of one row by weights so many of which are zero that it saves flash to leave them out.

use super::activation::{Activation, MULTIPLIER, RESIDUAL};
use super::conv::bias_or_zeros;
use crate::ir::{DType, Tensor};
use crate::kernels::QLinearCall;
use crate::lower::Lowering;
use runtime_core::kernels::SparseGemm;
use runtime_core::pack::{PANEL, packed_gemm_len};

/// Bytes that leaving zeros out must save at least.
const LEAST_SAVING: usize = 1024;

/// Weights `[k, n]`, or transposed, by the places where they are not zero.
struct Sparse {
    places: Tensor,
    weights: Tensor,
}

impl Sparse {
    /// `None` where the weights are not known, or dense ones would take little more room.
    fn of(weights: &Tensor, [k, n]: [usize; 2], transposed: bool) -> Option<Self> {
        let size = weights.dtype.size();
        let (mut places, mut kept) = (vec![], vec![]);
        for panel in 0..n.div_ceil(PANEL) {
            for row in 0..k {
                let mut bits = 0_u16;
                for column in panel * PANEL..n.min((panel + 1) * PANEL) {
                    let at = if transposed { column * k + row } else { row * n + column };
                    let weight = &weights.bytes[at * size..(at + 1) * size];
                    if weight.iter().any(|byte| *byte != 0) {
                        bits |= 1 << (column % PANEL);
                        kept.extend_from_slice(weight);
                    }
                }
                places.extend(bits.to_le_bytes());
            }
        }
        let (dense, sparse) = (packed_gemm_len(k, n) * size, places.len() + kept.len());
        let pays = sparse <= dense / 4 * 3 && sparse + LEAST_SAVING <= dense && !kept.is_empty();
        pays.then(|| Self {
            places: Tensor::new(DType::U16, vec![places.len() / 2], places),
            weights: Tensor::new(weights.dtype, vec![kept.len() / size], kept),
        })
    }
}

/// Adds the call of a product of one row, if its weights are such. Gives whether it did.
pub(super) fn lower(cx: &mut Lowering<'_>, [k, n]: [usize; 2], transposed: bool, activation: Activation) -> bool {
    let residual = matches!(activation, Activation::Function(_)) && cx.has(RESIDUAL);
    let weights = cx
        .constant(1)
        .filter(|w| !residual && matches!(w.dtype, DType::F32 | DType::I8));
    let Some(sparse) = weights.and_then(|weights| Sparse::of(weights, [k, n], transposed)) else {
        return false;
    };
    let (x, bias) = (cx.input(0), bias_or_zeros(cx, n));
    let places = cx.add_constant("places", sparse.places);
    let w = cx.add_constant("weights", sparse.weights);
    match activation {
        Activation::Function(activation) => {
            let y = cx.output(0);
            cx.call(SparseGemm { k, n, activation }, &[x, places, w, bias], &[y]);
        }
        Activation::Requantize { requantize, to } => {
            let kernel = SparseGemm {
                k,
                n,
                activation: requantize,
            };
            let from = cx.ty(0).dtype;
            let (multiplier, y) = (cx.input(MULTIPLIER), cx.output(0));
            cx.call(
                QLinearCall { kernel, from, to },
                &[x, places, w, bias, multiplier],
                &[y],
            );
        }
    }
    true
}
