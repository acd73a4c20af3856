//! Primitives through their kernels, several of a kind in one file.

mod movement;
mod qlinear;
mod stored_weights;
