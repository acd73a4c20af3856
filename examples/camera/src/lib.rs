//! Pictures as a model takes them, and its scores as people read them.
#![forbid(unsafe_code)]

mod files;
mod picture;
mod ranking;
#[cfg(test)]
#[path = "../build/settings.rs"]
mod settings;

pub use files::pictures;
pub use picture::{Input, decode};
pub use ranking::{best, probabilities};
