//! Shapes and places, whatever is computed there: axes, strides, windows over images, sequences.

mod axes;
mod sequences;
mod shapes;
mod window;

pub(in crate::ir) use axes::{around, moved};
pub(in crate::ir) use sequences::Sequences;
pub use shapes::{broadcast, broadcast_strides, check_rank, joined, row_major_strides, tensor_type};
pub use window::{Image, Layout, Window};
