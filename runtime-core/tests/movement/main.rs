//! Kernels that move elements, against plain loops over all indices.

mod indexing;
mod moves;
mod threads;
