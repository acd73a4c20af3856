//! `Graph` -> `Graph`: folding, passes, and post-training quantization.

pub mod fold;
mod input_layout;
pub mod passes;
pub mod quantize;

pub use input_layout::InputLayouts;
