//! Convolutions and products in 8-bit integers on the layouts of cores with kernels of their own.
//!
//! These kernels take the upper word of the product of a sum and a multiplier, which rounds half up. They are offered
//! where it is proved that no sum of the layer ends halfway, so that the integers are those of every other machine.

use super::{Activation, BIAS, MULTIPLIER, Packing, interleaved, paired, rows};
use crate::ir::program::KernelCall;
use crate::ir::{Candidate, DType, Lowering, Tensor};
use crate::machine::{Cost, Feature};
use runtime_core::kernels::{Conv2d, DepthwiseConv2d, Gemm};
use runtime_core::requantize::Requantize;
use runtime_core::upper_word::{SHIFT, never_halfway};

/// A layer that such a kernel may compute.
#[derive(Clone, Copy)]
pub(in crate::ir) enum Layer {
    Conv2d(Conv2d<()>),
    Depthwise(DepthwiseConv2d<()>),
    Gemm(Gemm<()>),
}

/// What the kernels need of a layer, from its operands.
pub(super) struct Operands {
    pub(super) weights: Vec<i8>,
    pub(super) bias: Vec<i32>,
    pub(super) multiplier: Vec<i32>,
    pub(super) requantize: Requantize,
}

/// A kernel of its own cores for a layer, and what it reads.
pub(super) struct Offer {
    pub(super) kernel: &'static str,
    pub(super) layout: &'static str,
    /// Estimated time, as in [`Cost`].
    pub(super) time: u64,
    /// Packed weights, and packed biases and multipliers.
    pub(super) w: Tensor,
    pub(super) parameters: Vec<i32>,
    /// Room that it needs beside its operands: of a type, so many elements.
    pub(super) scratch: Option<(DType, usize)>,
}

impl Offer {
    /// The candidate whose call is this one.
    pub(super) fn candidate<'a>(self, call: impl KernelCall + 'static) -> Candidate<'a> {
        let cost = Cost {
            time: self.time,
            flash: (self.w.bytes.len() + 4 * self.parameters.len()) as u64,
            scratch: self.scratch.map_or(0, |(dtype, len)| dtype.size() * len) as u64,
        };
        Candidate::new(self.kernel, self.layout, cost, move |cx| {
            let x = cx.input(0);
            let w = cx.add_constant("weights", self.w);
            let parameters = Tensor::i32(&[self.parameters.len()], &self.parameters);
            let parameters = cx.add_constant("parameters", parameters);
            let mut outputs = vec![cx.output(0)];
            if let Some((dtype, len)) = self.scratch {
                outputs.push(cx.temporary("scratch", dtype, len));
            }
            cx.call(call, &[x, w, parameters], &outputs);
            Ok(())
        })
    }
}

/// The layer on the layouts of the machine's cores, if they have any: `Err` says why one is not offered although they
/// have it.
pub(in crate::ir) fn offers<'a>(
    cx: &Lowering<'_>,
    layer: Layer,
    packing: Packing,
    activation: Activation,
) -> Vec<Result<Candidate<'a>, String>> {
    let Activation::Requantize { requantize, to } = activation else {
        return vec![];
    };
    let machine = cx.machine();
    let (vectors, pairs, fours) = (
        machine.has(Feature::Mve),
        machine.has(Feature::Dsp),
        machine.multiplies_alone(),
    );
    // Depthwise convolutions have no sums that do not fit the kernels for DSP instructions.
    let fours = fours && !(pairs && matches!(layer, Layer::Depthwise(_)));
    if !vectors && !pairs && !fours {
        return vec![];
    }
    let operands = if (cx.ty(0).dtype, to) == (DType::I8, DType::I8) {
        Operands::of(cx, packing, requantize)
    } else {
        Err("the kernels of this core are for 8 bits".to_owned())
    };
    let operands = match operands.and_then(|operands| operands.check(packing).map(|()| operands)) {
        Ok(operands) => operands,
        Err(reason) => return vec![Err(reason)],
    };
    if vectors {
        return vec![Ok(rows::candidate(layer, packing, &operands))];
    }
    let mut offers = vec![];
    if pairs {
        offers.push(paired::candidate(cx, layer, packing, &operands));
    }
    if fours {
        offers.push(Ok(interleaved::candidate(layer, packing, &operands)));
    }
    offers
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
    pub(super) fn of_channel(&self, packing: Packing, channel: usize) -> impl Iterator<Item = i8> {
        let (groups, [k, n]) = packing.products_of_groups();
        let (group, column) = (channel / n, channel % n);
        debug_assert!(group < groups);
        (0..k).map(move |input| self.weights[packing.index(group, input, column)])
    }

    /// The biases without the products of the input's zero point and the weights.
    pub(super) fn uncorrected_biases(&self, packing: Packing) -> Vec<i32> {
        let zero = self.requantize.outside;
        let bias = |channel: usize| {
            let sum: i32 = self.of_channel(packing, channel).map(i32::from).sum();
            self.bias[channel].wrapping_add(zero.wrapping_mul(sum))
        };
        (0..packing.channels()).map(bias).collect()
    }

    /// What the size of a channel's sums can be at most.
    pub(super) fn greatest_sum(&self, packing: Packing, channel: usize) -> i64 {
        let weights: i64 = self.of_channel(packing, channel).map(|w| i64::from(w).abs()).sum();
        i64::from(self.bias[channel]).abs() + 128 * weights
    }

    /// Checks that all sums are rounded as everywhere else.
    fn check(&self, packing: Packing) -> Result<(), String> {
        if self.requantize.shift != SHIFT {
            let shift = self.requantize.shift;
            return Err(format!(
                "its multipliers are shifted by {shift} bits instead of {SHIFT}"
            ));
        }
        for channel in 0..packing.channels() {
            let multiplier = self.multiplier[channel];
            if multiplier < 0 {
                return Err(format!("the multiplier of channel {channel} is negative"));
            }
            if !never_halfway(self.greatest_sum(packing, channel), multiplier) {
                return Err(format!(
                    "sums of channel {channel} can end halfway between two results, which the instruction rounds up"
                ));
            }
        }
        Ok(())
    }
}
