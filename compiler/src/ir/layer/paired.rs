//! Convolutions and products in integers on weights in pairs of channels: Cortex-M with the DSP extension.

use super::{Activation, BIAS, MULTIPLIER, Packing, cost};
use crate::bindings::PairedCall;
use crate::ir::{Candidate, DType, Lowering, Tensor};
use crate::machine::{Cost, Feature};
use runtime_core::kernels::{Conv2d, DepthwiseConv2d, Gemm};
use runtime_core::paired::{self, Grouping};
use runtime_core::requantize::Requantize;

/// A layer that has a kernel on this layout.
#[derive(Clone, Copy)]
pub(in crate::ir) enum Layer {
    Conv2d(Conv2d<()>),
    Depthwise(DepthwiseConv2d<()>),
    Gemm(Gemm<()>),
}

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

/// What the kernels need of a layer, from its operands.
struct Operands {
    weights: Vec<i8>,
    bias: Vec<i32>,
    multiplier: Vec<i32>,
    requantize: Requantize,
}

/// The layer on pairs of channels, where the machine has the instructions for it: `Err` says why it is not offered
/// although the machine has them.
pub(in crate::ir) fn candidate<'a>(
    cx: &Lowering<'_>,
    layer: Layer,
    packing: Packing,
    activation: Activation,
) -> Option<Result<Candidate<'a>, String>> {
    let Activation::Requantize { requantize, to } = activation else {
        return None;
    };
    if !cx.machine().has(Feature::Dsp) {
        return None;
    }
    let operands = if (cx.ty(0).dtype, to) == (DType::I8, DType::I8) {
        Operands::of(cx, packing, requantize)
    } else {
        Err("the kernels for DSP instructions are for 8 bits".to_owned())
    };
    Some(operands.and_then(|operands| {
        operands.check(packing)?;
        let packed = operands.pack(layer, packing)?;
        Ok(offer(cx, layer, packing, requantize, packed))
    }))
}

impl Operands {
    fn of(cx: &Lowering<'_>, packing: Packing, requantize: Requantize) -> Result<Self, String> {
        let integers = |index: usize| -> Option<Vec<i32>> {
            let bytes = cx.constant(index)?.bytes.as_chunks().0.iter();
            Some(bytes.map(|bytes| i32::from_le_bytes(*bytes)).collect())
        };
        let bias = if cx.has(BIAS) {
            integers(BIAS)
        } else {
            Some(vec![0; packing.channels()])
        };
        let weights = cx.constant(1).filter(|w| w.dtype == DType::I8);
        let (Some(weights), Some(bias), Some(multiplier)) = (weights, bias, integers(MULTIPLIER)) else {
            return Err("its weights, bias or multipliers are computed at run time".into());
        };
        Ok(Self {
            weights: weights.bytes.iter().map(|byte| *byte as i8).collect(),
            bias,
            multiplier,
            requantize,
        })
    }

    /// The weights of an output channel.
    fn of_channel(&self, packing: Packing, channel: usize) -> impl Iterator<Item = i8> {
        let (groups, [k, n]) = packing.products_of_groups();
        let (group, column) = (channel / n, channel % n);
        debug_assert!(group < groups);
        (0..k).map(move |input| self.weights[packing.index(group, input, column)])
    }

    /// Checks that all sums are rounded as everywhere else.
    fn check(&self, packing: Packing) -> Result<(), String> {
        if self.requantize.shift != paired::SHIFT {
            let shift = self.requantize.shift;
            return Err(format!(
                "its multipliers are shifted by {shift} bits instead of {}",
                paired::SHIFT
            ));
        }
        let (_, [_, n]) = packing.products_of_groups();
        let depthwise = matches!(packing, Packing::Depthwise { .. });
        for channel in 0..packing.channels() {
            let size: i64 = self.of_channel(packing, channel).map(|w| i64::from(w).abs()).sum();
            let greatest = i64::from(self.bias[channel]).abs() + 128 * size;
            if !paired::never_halfway(greatest, self.multiplier[channel]) {
                return Err(format!(
                    "sums of channel {channel} can end halfway between two results, which the instruction rounds up"
                ));
            }
            if !depthwise && channel % n % 2 == 1 && !paired::fits_upper(greatest) {
                return Err(format!("sums of channel {channel} have more than 24 bits"));
            }
        }
        Ok(())
    }

    fn pack(&self, layer: Layer, packing: Packing) -> Result<Packed, String> {
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
        let zero = self.requantize.outside;
        let bias: Vec<i32> = (0..channels)
            .map(|channel| {
                let sum: i32 = self.of_channel(packing, channel).map(i32::from).sum();
                self.bias[channel].wrapping_add(zero.wrapping_mul(sum))
            })
            .collect();
        let mut parameters = vec![0; 8 * channels.div_ceil(4)];
        paired::pack_depthwise_parameters(&bias, &self.multiplier, &mut parameters);
        Packed { w, parameters }
    }
}

/// The candidate of a layer that has been found to fit.
fn offer<'a>(
    cx: &Lowering<'_>,
    layer: Layer,
    packing: Packing,
    requantize: Requantize,
    packed: Packed,
) -> Candidate<'a> {
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
    Candidate::new(kernel, layout, cost, move |cx| {
        lower(cx, layer, requantize, packed, room);
        Ok(())
    })
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
