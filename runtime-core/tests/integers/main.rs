//! Kernels that compute with quantised tensors, against exact arithmetic.

#[path = "../reference/mod.rs"]
mod reference;

mod combining;
mod elementwise;
mod layers;
mod levels;
mod recurrence;
mod softmax;
