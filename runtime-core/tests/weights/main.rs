//! Weights stored in fewer bits, or without their zeros.

mod memory;
mod packed;
mod small;
mod sparse;
