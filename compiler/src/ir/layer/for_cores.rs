//! Convolutions and products in 8-bit integers on the layouts of cores with kernels of their own.
//!
//! These kernels take the upper word of the product of a sum and a multiplier, which rounds half up. They are offered
//! where it is proved that no sum of the layer ends halfway, so that the integers are those of every other machine.

pub(in crate::ir) use super::offer::Layer;

use super::offer::Operands;
use super::{Activation, Packing, interleaved, paired, rows};
use crate::ir::{Candidate, DType, Lowering};
use crate::machine::Feature;

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
        offers.push(paired::candidate(layer, packing, &operands));
    }
    if fours {
        offers.push(Ok(interleaved::candidate(layer, packing, &operands)));
    }
    offers
}
