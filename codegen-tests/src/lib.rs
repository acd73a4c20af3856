//! What the tests of the whole compiler share.

pub mod firmware;
pub mod model_builder;
pub mod node_tests;
pub mod program;
pub mod python;
pub mod quantised;
pub mod same_bits;
pub mod trained;
pub mod zoo;

/// Flags of rustc for the processor at hand: of the levels of each kernel, the one that it runs is compiled. The tests
/// that build few models build them without, as users do.
pub const NATIVE: &str = "-C target-cpu=native";
