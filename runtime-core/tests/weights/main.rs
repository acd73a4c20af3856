//! Weights stored in fewer bits, or without their zeros.

#[path = "../reference/mod.rs"]
mod reference;

mod memory;
mod packed;
mod small;
mod sparse;
