//! Kernels that move elements, against plain loops over all indices.

mod contract;
mod indexing;
mod moves;
mod threads;
