//! Convolutions and products in integers on weights in fours of channels: cores that compute one number at a time.

use super::offer::{Layer, Offer, Operands};
use super::{Packing, cost};
use crate::bindings::InterleavedCall;
use crate::ir::{Candidate, DType, Tensor};
use runtime_core::interleaved;

const LAYOUT: &str = "fours of channels";

/// The layer on fours of channels.
pub(super) fn candidate<'a>(layer: Layer, packing: Packing, operands: &Operands) -> Candidate<'a> {
    let (_, [k, _]) = packing.products_of_groups();
    let requantize = operands.requantize;
    match layer {
        Layer::Conv2d(layer) => {
            let pixels = layer.batch * layer.output[0] * layer.output[1];
            let (w, parameters) = pack(packing, operands);
            Offer {
                kernel: "qlinear_conv2d_interleaved",
                layout: LAYOUT,
                time: cost::fours((pixels * w.len()) as u64, (pixels * k * layer.groups) as u64),
                w: Tensor::new(DType::U8, vec![w.len()], w),
                parameters,
                scratch: vec![("scratch", DType::U32, interleaved::scratch_words(k))],
            }
            .candidate(InterleavedCall(layer.with_activation(requantize)))
        }
        Layer::Gemm(layer) => {
            let (w, parameters) = pack(packing, operands);
            let words = if layer.m == 1 {
                interleaved::scratch_of_row(k, layer.n).iter().sum()
            } else {
                interleaved::scratch_words(k)
            };
            Offer {
                kernel: "qlinear_gemm_interleaved",
                layout: LAYOUT,
                time: cost::fours((layer.m * w.len()) as u64, (layer.m * k) as u64),
                w: Tensor::new(DType::U8, vec![w.len()], w),
                parameters,
                scratch: vec![("scratch", DType::U32, words)],
            }
            .candidate(InterleavedCall(layer.with_activation(requantize)))
        }
        Layer::Depthwise(layer) => {
            let pixels = layer.batch * layer.output[0] * layer.output[1];
            let (w, parameters) = pack_depthwise(packing, operands);
            Offer {
                kernel: "qlinear_depthwise_conv2d_interleaved",
                layout: LAYOUT,
                time: cost::fours_of_taps((pixels * w.len()) as u64),
                w: Tensor::new(DType::I8, vec![w.len()], w),
                parameters,
                scratch: vec![],
            }
            .candidate(InterleavedCall(layer.with_activation(requantize)))
        }
    }
}

/// Weights and parameters of all groups.
fn pack(packing: Packing, operands: &Operands) -> (Vec<u8>, Vec<i32>) {
    let (groups, [k, n]) = packing.products_of_groups();
    let (mut w, mut parameters) = (vec![], vec![]);
    for group in 0..groups {
        let mut bytes = vec![0; interleaved::packed_len(k, n)];
        let weight = |input, column| operands.weights[packing.index(group, input, column)];
        interleaved::pack([k, n], weight, &mut bytes);
        let mut numbers = vec![0; interleaved::parameters_len(n)];
        let channels = group * n..(group + 1) * n;
        let (bias, multiplier) = (&operands.bias[channels.clone()], &operands.multiplier[channels]);
        interleaved::pack_parameters(bias, multiplier, &mut numbers);
        w.extend(bytes);
        parameters.extend(numbers);
    }
    (w, parameters)
}

/// Weights, as bytes, and parameters of a depthwise convolution.
fn pack_depthwise(packing: Packing, operands: &Operands) -> (Vec<u8>, Vec<i32>) {
    let (channels, [taps, _]) = packing.products_of_groups();
    let mut w = vec![0; interleaved::depthwise_len(channels, taps)];
    let weight = |tap, channel| operands.weights[packing.index(channel, tap, 0)];
    interleaved::pack_depthwise([taps, channels], weight, &mut w);
    let mut parameters = vec![0; interleaved::depthwise_parameters_len(channels)];
    let uncorrected = operands.uncorrected_biases(packing);
    interleaved::pack_depthwise_parameters(&operands.bias, &uncorrected, &operands.multiplier, &mut parameters);
    (w.into_iter().map(|w| w as u8).collect(), parameters)
}
