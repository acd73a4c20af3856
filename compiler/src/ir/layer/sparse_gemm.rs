//! Products of one row by weights so many of which are zero that it saves flash to leave them out.

use super::{Activation, FOUR_BITS, MULTIPLIER, RESIDUAL, bias_or_zeros, cost};
use crate::bindings::QLinearCall;
use crate::ir::{Candidate, Lowering};
use crate::ir::{DType, Tensor};
use crate::machine::Cost;
use runtime_core::kernels::SparseGemm;
use runtime_core::pack::{PANEL, packed_gemm_len};

/// Bytes that leaving zeros out must save at least to be considered, and they must be half of them all: of `i8`, five
/// weights in eight are zero then. With AVX2 it takes as long as the zeros do at four zeros in five, and three times as
/// long at half of them; floats take longer throughout (`cargo bench -p runtime-core --bench sparse_gemm`).
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
        // Two integers of four bits take a byte when they are dense.
        let pairs = weights.dtype == DType::I8 && weights.bytes.iter().all(|w| FOUR_BITS.contains(&(*w as i8)));
        let dense = packed_gemm_len(k, n) * size / if pairs { 2 } else { 1 };
        let sparse = places.len() + kept.len();
        let pays = sparse <= dense / 2 && sparse + LEAST_SAVING <= dense && !kept.is_empty();
        pays.then(|| Self {
            places: Tensor::new(DType::U16, vec![places.len() / 2], places),
            weights: Tensor::new(weights.dtype, vec![kept.len() / size], kept),
        })
    }
}

/// The product of one row without the weights that are zero, if that saves enough to be considered.
pub(in crate::ir) fn candidate<'a>(
    cx: &Lowering<'_>,
    [k, n]: [usize; 2],
    transposed: bool,
    activation: Activation,
) -> Option<Candidate<'a>> {
    let residual = matches!(activation, Activation::Function(_)) && cx.has(RESIDUAL);
    // Where the zeros are is part of the layout.
    let weights = cx
        .constant(1)
        .filter(|w| !cx.replaces_constants() && !residual && matches!(w.dtype, DType::F32 | DType::I8))?;
    let sparse = Sparse::of(weights, [k, n], transposed)?;
    let cost = Cost {
        time: cost::sparse(cx.machine(), sparse.weights.len() as u64, sparse.places.len() as u64),
        flash: (sparse.places.bytes.len() + sparse.weights.bytes.len()) as u64,
        scratch: 0,
    };
    Some(Candidate::new(
        "sparse_gemm",
        "weights other than zero",
        cost,
        move |cx| {
            lower(cx, sparse, [k, n], activation);
            Ok(())
        },
    ))
}

/// Adds the call.
fn lower(cx: &mut Lowering<'_>, sparse: Sparse, [k, n]: [usize; 2], activation: Activation) {
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
            let (multiplier, y) = (cx.input_as(MULTIPLIER, "multipliers"), cx.output(0));
            cx.call(
                QLinearCall { kernel, from, to },
                &[x, places, w, bias, multiplier],
                &[y],
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::back::exec::Executor;
    use crate::back::portable;
    use crate::ir::geometry::{Layout, Window};
    use crate::ir::primitives::{Conv, Gemm};
    use crate::ir::{Graph, TensorType};
    use crate::middle::passes::{REQUIRED, run};
    use runtime_core::requantize::Requantize;

    const K: usize = 130;
    const N: usize = 37;

    /// A weight of row `k` and column `n`, one in `every` of which is not zero.
    fn weight(k: usize, n: usize, every: usize) -> u8 {
        let i = k * N + n;
        if (i * 13 + i / 7).is_multiple_of(every) {
            (i * 31) as u8 | 1
        } else {
            0
        }
    }

    /// The kernel of the product of `rows` equal rows, as a product or a convolution, and its results.
    fn product(rows: usize, every: usize, conv: bool) -> (&'static str, Vec<u8>) {
        let mut graph = Graph::new("product");
        let requantize = Requantize {
            shift: 30,
            zero: 3,
            min: -128,
            max: 127,
            outside: 0,
        };
        let activation = Activation::Requantize {
            requantize,
            to: DType::I8,
        };
        let shape = if conv { vec![rows, K, 1, 1] } else { vec![rows, K] };
        let x = graph.add_input("x", TensorType::new(DType::I8, shape.clone()));
        let (w_shape, weights): (_, Vec<u8>) = if conv {
            (
                vec![N, K, 1, 1],
                (0..N * K).map(|i| weight(i % K, i / K, every)).collect(),
            )
        } else {
            (vec![K, N], (0..N * K).map(|i| weight(i / N, i % N, every)).collect())
        };
        let w = graph.add_constant("w", Tensor::new(DType::I8, w_shape, weights));
        let bias = graph.add_constant("b", Tensor::i32(&[N], &(0..N as i32).collect::<Vec<_>>()));
        let multiplier = graph.add_constant("m", Tensor::i32(&[N], &[1 << 21; N]));
        let operands = [x, w, bias, multiplier];
        let y = if conv {
            let window = Window {
                kernel: vec![1; 2],
                strides: vec![1; 2],
                dilations: vec![1; 2],
                pads: vec![0; 4],
            };
            let layout = Layout::ChannelsFirst;
            let conv = Conv {
                window,
                groups: 1,
                layout,
                activation,
            };
            graph.add_op("y", conv, &operands, &[]).unwrap()
        } else {
            graph.add_op("y", Gemm { activation }, &operands, &[]).unwrap()
        };
        graph.add_output("y", y);
        run(&mut graph, REQUIRED, &mut |_, _| {}).unwrap();
        let (program, plan) = portable(&graph).unwrap();
        let row: Vec<u8> = (0..K).map(|i| (i * 57) as u8).collect();
        let input = Tensor::new(DType::I8, shape, row.repeat(rows));
        let results = Executor::new(&program, &plan).run(&[input]);
        let call = program.calls.iter().find(|call| call.name == "y").unwrap();
        (call.kernel.name(), results[0].bytes[..N].to_vec())
    }

    #[test]
    fn zeros_are_left_out_where_that_pays() {
        for conv in [false, true] {
            let (kernel, sparse) = product(1, 5, conv);
            assert_eq!(kernel, "qlinear_sparse_gemm");
            let (kernel, dense) = product(2, 5, conv);
            assert_eq!(kernel, "qlinear_gemm");
            assert_eq!(sparse, dense);
            assert_eq!(product(1, 2, conv).0, "qlinear_gemm");
        }
    }
}
