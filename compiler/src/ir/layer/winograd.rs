//! Convolutions of floats by Winograd's minimal filtering: a quarter of the products, by four times the weights.

use super::{Activation, RESIDUAL, bias_or_zeros, cost};
use crate::bindings::WithResidual;
use crate::ir::{Candidate, DType, Lowering, Tensor};
use crate::machine::{Cost, Family, Machine};
use runtime_core::kernels::{Conv2d, MOST_CHANNELS, WinogradConv2d};
use runtime_core::winograd::{POSITIONS, TILE, pack_conv2d, packed_conv2d_len};

/// Input channels from which on the products take longer than the transforms.
const LEAST_CHANNELS: usize = 16;

/// Weights are below it: transformed ones, and their products with usual inputs, are then far from overflow.
const LARGEST: f32 = 1e15;

/// Whether a machine has the vectors that the transforms gain from, and stack for what they compute.
fn is_for(machine: &Machine) -> bool {
    let family = matches!(machine.family, Family::Portable | Family::X86_64 | Family::Aarch64);
    machine.winograd && family && !machine.microcontroller
}

/// A layer computed so, where its weights are known floats for a kernel of 3x3 that moves by single pixels.
pub(in crate::ir) fn candidate<'a>(
    cx: &Lowering<'_>,
    layer: Conv2d<()>,
    activation: Activation,
) -> Option<Candidate<'a>> {
    let Conv2d {
        batch,
        input,
        output,
        kernel: [3, 3],
        strides: [1, 1],
        dilations: [1, 1],
        pads,
        groups: 1,
        ..
    } = layer
    else {
        return None;
    };
    let (ic, oc) = (input[2], output[2]);
    let channels = (LEAST_CHANNELS..=MOST_CHANNELS).contains(&ic);
    let weights = cx.constant(1).filter(|w| w.dtype == DType::F32)?;
    // Other weights would have to be transformed where the model runs.
    if !is_for(cx.machine()) || !channels || cx.replaces_constants() {
        return None;
    }
    // What is not finite, or overflows while it is transformed, would spread to outputs that have nothing to do with
    // it.
    let weights = weights.to_f32()?;
    if !weights.iter().all(|w| w.abs() < LARGEST) {
        return None;
    }
    let len = packed_conv2d_len(oc, ic);
    let tiles = (batch * output[0].div_ceil(TILE) * output[1].div_ceil(TILE)) as u64;
    let cost = Cost {
        time: cost::winograd(cx.machine(), tiles * len as u64, tiles * (POSITIONS * (ic + oc)) as u64),
        flash: 4 * len as u64,
        scratch: 0,
    };
    let layer = WinogradConv2d {
        batch,
        input,
        output,
        pads,
        activation: activation.function(),
    };
    Some(Candidate::new(
        "winograd_conv2d",
        "transformed floats",
        cost,
        move |cx| {
            let mut packed = vec![0.0; len];
            pack_conv2d(oc, ic, &weights, &mut packed);
            let (x, bias) = (cx.input(0), bias_or_zeros(cx, oc));
            let w = cx.add_constant("weights", Tensor::f32(&[len], &packed));
            if cx.has(RESIDUAL) {
                let (residual, y) = (cx.input(RESIDUAL), cx.output(0));
                cx.call(WithResidual(layer), &[x, w, bias, residual], &[y]);
            } else {
                let y = cx.output(0);
                cx.call(layer, &[x, w, bias], &[y]);
            }
            Ok(())
        },
    ))
}
