//! What a kernel for certain cores needs of a layer in 8-bit integers, and how it is offered.

use super::{BIAS, MULTIPLIER, Packing};
use crate::ir::program::KernelCall;
use crate::ir::{Candidate, DType, Lowering, Tensor};
use crate::machine::Cost;
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
    /// Room that it needs beside its operands: what it is called, its type, and so many elements.
    pub(super) scratch: Vec<(&'static str, DType, usize)>,
}

impl Offer {
    /// The candidate whose call is this one.
    pub(super) fn candidate<'a>(self, call: impl KernelCall + 'static) -> Candidate<'a> {
        let room = self.scratch.iter().map(|(_, dtype, len)| dtype.size() * len);
        let cost = Cost {
            time: self.time,
            flash: (self.w.bytes.len() + 4 * self.parameters.len()) as u64,
            scratch: room.sum::<usize>() as u64,
        };
        Candidate::new(self.kernel, self.layout, cost, move |cx| {
            let x = cx.input(0);
            let w = cx.add_constant("weights", self.w);
            let parameters = Tensor::i32(&[self.parameters.len()], &self.parameters);
            let parameters = cx.add_constant("parameters", parameters);
            let mut outputs = vec![cx.output(0)];
            for (name, dtype, len) in self.scratch {
                outputs.push(cx.temporary(name, dtype, len));
            }
            cx.call(call, &[x, w, parameters], &outputs);
            Ok(())
        })
    }
}

impl Operands {
    pub(super) fn of(cx: &Lowering<'_>, packing: Packing, requantize: Requantize) -> Result<Self, String> {
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
    pub(super) fn check(&self, packing: Packing) -> Result<(), String> {
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
