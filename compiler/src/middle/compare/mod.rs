//! A quantised graph beside the float graph that it was made of: what each computes of the same samples.

mod boundary;
mod layers;
mod pairs;
mod spread;

pub use boundary::Boundary;
pub use layers::{Layer, layers};
pub use spread::Spread;
