//! Integers that stand for numbers: scales, zero points, and factors as integers over a power of two.

mod multipliers;
mod quantised_layer;
mod quantization;
mod sum;
mod uniform;

pub(in crate::ir) use multipliers::fixed_point;
pub use multipliers::{MULTIPLIER_BITS, multipliers};
pub use quantised_layer::{QuantisedLayer, weights_around_zero};
pub use quantization::Quantization;
pub(in crate::ir) use sum::{add, sum_in_32_bits};
pub(in crate::ir) use uniform::{LEAST_BITS, Rounding, Uniform, expect, multiplier, room};
