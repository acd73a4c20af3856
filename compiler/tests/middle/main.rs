//! What happens to a graph between the reader and the kernels: passes, operators in integers, quantization.

mod budgets;
mod dead_channels;
mod gradients;
mod integers;
mod passes;
mod ptq;
mod quantised_graph;
mod quantize;
mod random_integers;
mod stream;
mod training;
