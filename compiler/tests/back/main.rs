//! The choice of kernels, and the plan of the arena.

mod candidates;
mod plan;
mod tile;
