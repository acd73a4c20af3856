//! What stands around the pipeline: reports, evaluation, and building and running emitted code.

pub mod eval;
pub mod harness;
pub mod inspect;
pub mod prune;
pub(crate) mod prune_report;
pub mod ram_curve;
pub mod report_diff;
#[cfg(feature = "cli")]
pub mod stack;
pub mod tensor_file;
#[cfg(feature = "updates")]
pub mod updates;
