//! The kernels: one file each, named like its function, its parameter struct and its row in the report.
//!
//! The general form is `kernel(simd, parameters, inputs.., outputs..)`.

mod map;

pub use map::{Map, map, map_in_place};
