//! What convolutions and products share: bias and activation, how their weights are packed, and the calls that they are
//! lowered to.

mod activation;
mod bias;
pub(in crate::ir) mod cost;
mod direct_conv;
pub(in crate::ir) mod for_cores;
mod interleaved;
mod offer;
mod packing;
mod paired;
mod rows;
pub(in crate::ir) mod sparse_gemm;
pub(in crate::ir) mod winograd;

pub use activation::{Activation, BIAS, MULTIPLIER, RESIDUAL};
pub(in crate::ir) use activation::{SUMMED, call, candidates, check_layout};
pub(in crate::ir) use bias::bias_or_zeros;
pub(in crate::ir) use direct_conv::direct;
pub use direct_conv::has_packed_kernel;
pub(in crate::ir) use packing::{FOUR_BITS, Filters, Packing};
