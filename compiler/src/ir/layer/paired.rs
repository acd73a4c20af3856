//! Convolutions and products in integers on weights in pairs of channels: Cortex-M with the DSP extension.

use super::for_cores::{Layer, Operands};
use super::{Packing, cost};
use crate::bindings::PairedCall;
use crate::ir::{Candidate, DType, Lowering, Tensor};
use crate::machine::Cost;
use runtime_core::kernels::Gemm;
use runtime_core::paired::{self, Grouping};
use runtime_core::requantize::Requantize;

/// Constants in the form that the kernels read.
struct Packed {
    w: Vec<u32>,
    parameters: Vec<i32>,
}

/// Room that a kernel needs beside its operands: words, and the numbers of a patch.
#[derive(Clone, Copy)]
struct Room {
    words: usize,
    patch: usize,
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
        Ok(Packed { w, parameters })
    }

    fn pack_depthwise(&self, packing: Packing, channels: usize, taps: usize) -> Packed {
        let mut w = vec![0; paired::depthwise_words(channels, taps)];
        let weight = |tap, channel| self.weights[packing.index(channel, tap, 0)];
        paired::pack_depthwise([taps, channels], weight, &mut w);
        // The kernel takes the zero point off every input instead.
        let bias = self.uncorrected_biases(packing);
        let mut parameters = vec![0; 8 * channels.div_ceil(4)];
        paired::pack_depthwise_parameters(&bias, &self.multiplier, &mut parameters);
        Packed { w, parameters }
    }
}

/// The layer on pairs of channels, or why it does not fit.
pub(super) fn candidate<'a>(
    cx: &Lowering<'_>,
    layer: Layer,
    packing: Packing,
    operands: &Operands,
) -> Result<Candidate<'a>, String> {
    operands.fit_upper_halves(packing)?;
    let packed = operands.pack_paired(layer, packing)?;
    let requantize = operands.requantize;
    let (_, [k, _]) = packing.products_of_groups();
    let (kernel, layout, time, room) = match layer {
        Layer::Conv2d(layer) => {
            let pixels = (layer.batch * layer.output[0] * layer.output[1]) as u64;
            let collected = pixels * (k * layer.groups) as u64;
            let time = cost::pairs(pixels * 2 * packed.w.len() as u64, collected);
            let patch = paired::patch_len(layer.input[2] / layer.groups, k);
            let room = Room {
                words: paired::scratch_words(k, paired::ROWS),
                patch,
            };
            ("qlinear_conv2d_paired", "pairs of channels", time, room)
        }
        Layer::Gemm(layer) => {
            let time = cost::pairs(layer.m as u64 * 2 * packed.w.len() as u64, (layer.m * k) as u64);
            let words = paired::scratch_words(k, layer.m);
            (
                "qlinear_gemm_paired",
                "pairs of channels",
                time,
                Room { words, patch: 0 },
            )
        }
        Layer::Depthwise(_) => {
            let time = cost::halfwords(cx.macs());
            (
                "qlinear_depthwise_conv2d_paired",
                "halfwords",
                time,
                Room { words: 0, patch: 0 },
            )
        }
    };
    let cost = Cost {
        time,
        flash: 4 * (packed.w.len() + packed.parameters.len()) as u64,
        scratch: (4 * room.words + room.patch) as u64,
    };
    Ok(Candidate::new(kernel, layout, cost, move |cx| {
        lower(cx, layer, requantize, packed, room);
        Ok(())
    }))
}

/// Adds the call.
fn lower(cx: &mut Lowering<'_>, layer: Layer, requantize: Requantize, packed: Packed, room: Room) {
    let x = cx.input(0);
    let (len, bytes) = (
        packed.w.len(),
        packed.w.iter().flat_map(|word| word.to_le_bytes()).collect(),
    );
    let w = cx.add_constant("weights", Tensor::new(DType::U32, vec![len], bytes));
    let parameters = Tensor::i32(&[packed.parameters.len()], &packed.parameters);
    let parameters = cx.add_constant("parameters", parameters);
    let (inputs, y) = ([x, w, parameters], cx.output(0));
    let mut temporary = |name, dtype, len| cx.temporary(name, dtype, len);
    match layer {
        Layer::Conv2d(layer) => {
            let scratch = temporary("scratch", DType::U32, room.words);
            let patch = temporary("patch", DType::I8, room.patch);
            let call = PairedCall(layer.with_activation(requantize));
            cx.call(call, &inputs, &[y, scratch, patch]);
        }
        Layer::Gemm(layer) => {
            let scratch = temporary("scratch", DType::U32, room.words);
            cx.call(PairedCall(layer.with_activation(requantize)), &inputs, &[y, scratch]);
        }
        Layer::Depthwise(layer) => cx.call(PairedCall(layer.with_activation(requantize)), &inputs, &[y]),
    }
}
