//! What the tests of the whole compiler share.

pub mod model_builder;
pub mod zoo;
