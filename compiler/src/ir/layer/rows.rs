//! Convolutions and products in integers on rows of weights: Cortex-M with vectors.

use super::offer::{Layer, Offer, Operands};
use super::{Packing, cost};
use crate::bindings::RowsCall;
use crate::ir::{Candidate, DType, Tensor};
use runtime_core::rows;

/// The layer on rows of weights.
pub(super) fn candidate<'a>(layer: Layer, packing: Packing, operands: &Operands) -> Candidate<'a> {
    let (_, [k, _]) = packing.products_of_groups();
    let requantize = operands.requantize;
    match layer {
        Layer::Conv2d(layer) => {
            let pixels = layer.batch * layer.output[0] * layer.output[1];
            let (w, parameters) = pack(packing, operands);
            Offer {
                kernel: "qlinear_conv2d_rows",
                layout: "rows",
                time: cost::rows(
                    (pixels * packing.channels()) as u64,
                    k,
                    (pixels * k * layer.groups) as u64,
                ),
                w,
                parameters,
                scratch: vec![("scratch", DType::I8, rows::scratch_len(k))],
            }
            .candidate(RowsCall(layer.with_activation(requantize)))
        }
        Layer::Gemm(layer) => {
            let (w, parameters) = pack(packing, operands);
            Offer {
                kernel: "qlinear_gemm_rows",
                layout: "rows",
                time: cost::rows((layer.m * layer.n) as u64, k, 0),
                w,
                parameters,
                scratch: vec![],
            }
            .candidate(RowsCall(layer.with_activation(requantize)))
        }
        Layer::Depthwise(layer) => {
            let pixels = layer.batch * layer.output[0] * layer.output[1];
            let (w, parameters) = pack_depthwise(packing, operands);
            Offer {
                kernel: "qlinear_depthwise_conv2d_rows",
                layout: "eights of channels",
                time: cost::eights_of_taps((pixels * w.bytes.len()) as u64),
                w,
                parameters,
                scratch: vec![],
            }
            .candidate(RowsCall(layer.with_activation(requantize)))
        }
    }
}

/// Weights and parameters of all output channels.
fn pack(packing: Packing, operands: &Operands) -> (Tensor, Vec<i32>) {
    let (groups, [k, n]) = packing.products_of_groups();
    let mut w = Vec::with_capacity(groups * k * n);
    for channel in 0..groups * n {
        w.extend(operands.of_channel(packing, channel).map(|w| w as u8));
    }
    let mut parameters = vec![0; 2 * groups * n];
    rows::pack_parameters(&operands.bias, &operands.multiplier, &mut parameters);
    (Tensor::new(DType::I8, vec![w.len()], w), parameters)
}

/// Weights and parameters of a depthwise convolution.
fn pack_depthwise(packing: Packing, operands: &Operands) -> (Tensor, Vec<i32>) {
    let (channels, [taps, _]) = packing.products_of_groups();
    let mut w = vec![0; rows::depthwise_len(channels, taps)];
    let weight = |tap, channel| operands.weights[packing.index(channel, tap, 0)];
    rows::pack_depthwise([taps, channels], weight, &mut w);
    let mut parameters = vec![0; rows::depthwise_parameters_len(channels)];
    let uncorrected = operands.uncorrected_biases(packing);
    rows::pack_depthwise_parameters(&operands.bias, &uncorrected, &operands.multiplier, &mut parameters);
    let bytes = w.into_iter().map(|w| w as u8).collect();
    (
        Tensor::new(DType::I8, vec![rows::depthwise_len(channels, taps)], bytes),
        parameters,
    )
}
