//! Kernels that compute with quantised tensors, against exact arithmetic.

mod combining;
mod elementwise;
mod layers;
mod recurrence;
mod softmax;
