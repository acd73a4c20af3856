//! `Graph` -> `Graph`: folding, passes, post-training quantization, and training on the device.

pub mod compare;
pub mod fold;
mod input_layout;
pub mod passes;
pub mod quantize;
pub mod stream;
pub mod train;

pub use input_layout::InputLayouts;
