//! Post-training quantization of small graphs: ranges, what it says of its results, and random graphs.

mod build;
mod random;
mod ranges;
mod truth;
