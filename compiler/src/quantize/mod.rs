//! Post-training quantization: a float graph into one whose values pass through integers.
//!
//! A graph is run on samples, the ranges of its values are observed, and `QuantizeLinear` and `DequantizeLinear` are put
//! around its operators. What computes in integers then is the business of the passes that follow.

mod watch;

pub use watch::{Watch, Watching};
