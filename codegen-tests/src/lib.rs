//! What the tests of the whole compiler share.

pub mod firmware;
pub mod model_builder;
pub mod node_tests;
pub mod parts;
pub mod plans;
pub mod program;
pub mod python;
pub mod quantised;
pub mod random;
pub mod random_model;
pub mod same_bits;
pub mod trained;
pub mod workspace;
pub mod zoo;
