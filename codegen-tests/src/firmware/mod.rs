//! Models on emulated microcontrollers: what they compute and what they take.
//!
//! A [`Subject`] is a model compiled for a core with inputs and expected outputs. It becomes the crate of an [`image`], which
//! cargo builds and the [`emulator`] runs. [`measure`] puts together what came of it, and [`table`] prints that.

pub mod baselines;
pub mod board;
pub mod elf;
pub mod emulator;
pub mod image;
pub mod measure;
pub mod subject;
pub mod table;

pub use board::{BOARDS, Board, board};
pub use measure::{Layer, Measurement, Setting, measure};
pub use subject::{ALL, DIGITS, Options, Source, Subject};
