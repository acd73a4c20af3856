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
#[path = "../shared/seeds.rs"]
#[expect(unreachable_pub, reason = "other programs of tests use this file too")]
mod seeds;
mod stream;
mod training;
