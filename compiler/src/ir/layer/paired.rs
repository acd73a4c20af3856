//! Convolutions and products in integers on weights in pairs of channels: Cortex-M with the DSP extension.

use super::offer::{Layer, Offer, Operands};
use super::{Packing, cost};
use crate::bindings::PairedCall;
use crate::ir::{Candidate, DType, Tensor};
use runtime_core::kernels::Gemm;
use runtime_core::paired::{self, Grouping};

/// Constants in the form that the kernels read.
struct Packed {
    w: Tensor,
    parameters: Vec<i32>,
}

impl Operands {
    /// Checks that sums which are kept in the upper half of a pair have room there.
    fn fit_upper_halves(&self, packing: Packing) -> Result<(), String> {
        let (_, [_, n]) = packing.products_of_groups();
        let depthwise = matches!(packing, Packing::Depthwise { .. });
        let upper = (0..packing.channels()).filter(|channel| !depthwise && channel % n % 2 == 1);
        for channel in upper {
            if !paired::fits_upper(self.greatest_sum(packing, channel)) {
                return Err(format!("sums of channel {channel} have more than 24 bits"));
            }
        }
        Ok(())
    }

    fn pack_paired(&self, layer: Layer, packing: Packing) -> Result<Packed, String> {
        if let Packing::Depthwise { channels, kernel } = packing {
            return Ok(self.pack_depthwise(packing, channels, kernel[0] * kernel[1]));
        }
        let grouping = match layer {
            Layer::Gemm(Gemm { m: 1, .. }) => Grouping::TwoPairs,
            _ => Grouping::Pairs,
        };
        let (groups, [k, n]) = packing.products_of_groups();
        let (mut w, mut parameters) = (vec![], vec![]);
        for group in 0..groups {
            let mut words = vec![0; paired::packed_words(k, n, grouping)];
            let weight = |input, column| self.weights[packing.index(group, input, column)];
            paired::pack([k, n], grouping, weight, &mut words)
                .ok_or("a weight of -128 stands beside a negative one of another channel")?;
            let mut numbers = vec![0; paired::parameters_len(n, grouping)];
            let channels = group * n..(group + 1) * n;
            paired::pack_parameters(
                grouping,
                &self.bias[channels.clone()],
                &self.multiplier[channels],
                &mut numbers,
            );
            w.extend(words);
            parameters.extend(numbers);
        }
        let bytes = w.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
        let w = Tensor::new(DType::U32, vec![w.len()], bytes);
        Ok(Packed { w, parameters })
    }

    fn pack_depthwise(&self, packing: Packing, channels: usize, taps: usize) -> Packed {
        let mut w = vec![0; paired::depthwise_len(channels, taps)];
        let weight = |tap, channel| self.weights[packing.index(channel, tap, 0)];
        paired::pack_depthwise([taps, channels], weight, &mut w);
        // The kernel takes the zero point off every input instead.
        let bias = self.uncorrected_biases(packing);
        let mut parameters = vec![0; 8 * channels.div_ceil(4)];
        paired::pack_depthwise_parameters(&bias, &self.multiplier, &mut parameters);
        let bytes = w.iter().map(|weight| *weight as u8).collect();
        let w = Tensor::new(DType::I8, vec![w.len()], bytes);
        Packed { w, parameters }
    }
}

/// The layer on pairs of channels, or why it does not fit.
pub(super) fn candidate<'a>(layer: Layer, packing: Packing, operands: &Operands) -> Result<Candidate<'a>, String> {
    operands.fit_upper_halves(packing)?;
    let Packed { w, parameters } = operands.pack_paired(layer, packing)?;
    let (products, requantize) = (2 * w.len() as u64, operands.requantize);
    let (_, [k, _]) = packing.products_of_groups();
    let candidate = match layer {
        Layer::Conv2d(layer) => {
            let pixels = (layer.batch * layer.output[0] * layer.output[1]) as u64;
            let patch = paired::patch_len(layer.input[2] / layer.groups, k);
            Offer {
                kernel: "qlinear_conv2d_paired",
                layout: "pairs of channels",
                time: cost::pairs(pixels * products, pixels * (k * layer.groups) as u64),
                w,
                parameters,
                scratch: vec![
                    ("scratch", DType::U32, paired::scratch_words(k, paired::ROWS)),
                    ("patch", DType::I8, patch),
                ],
            }
            .candidate(PairedCall(layer.with_activation(requantize)))
        }
        Layer::Gemm(layer) => Offer {
            kernel: "qlinear_gemm_paired",
            layout: "pairs of channels",
            time: cost::pairs(layer.m as u64 * products, (layer.m * k) as u64),
            w,
            parameters,
            scratch: vec![("scratch", DType::U32, paired::scratch_words(k, layer.m))],
        }
        .candidate(PairedCall(layer.with_activation(requantize))),
        Layer::Depthwise(layer) => {
            let scratch = paired::depthwise_words(packing.channels(), k);
            Offer {
                kernel: "qlinear_depthwise_conv2d_paired",
                layout: "halfwords",
                time: cost::halfwords((layer.batch * layer.output.iter().product::<usize>() * k) as u64),
                w,
                parameters,
                scratch: vec![("scratch", DType::U32, scratch)],
            }
            .candidate(PairedCall(layer.with_activation(requantize)))
        }
    };
    Ok(candidate)
}
