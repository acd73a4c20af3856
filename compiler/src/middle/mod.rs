//! `Graph` -> `Graph`: folding, passes, and post-training quantization.

pub mod fold;
pub mod passes;
pub mod quantize;
