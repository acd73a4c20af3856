//! The choice of kernels, and the plan of the arena.

mod candidates;
mod orders;
mod plan;
mod tile;
mod winograd;
