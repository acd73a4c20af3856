//! Builds emitted code with cargo and runs it, one model or hundreds.
//!
//! A [`Workspace`] is a folder of its own with a cargo workspace in it. Models are modules of `no_std` library crates
//! that forbid `unsafe` and deny warnings; beside each library is a program that runs its models on files of bytes. The
//! folder is kept, so that runtime-core and models that did not change are not compiled again.

mod build;
mod compare;
mod error;
mod golden;
mod peer;
mod progress;
mod runner;
mod source;
mod static_library;
mod stream;
mod updatable;
mod verify;
mod workspace;

pub use compare::{Comparison, Tolerance, compare};
pub use error::HarnessError;
pub use golden::{Case, cases, conform};
pub use peer::{Peer, RunningPeer};
pub use progress::Progress;
pub use runner::Runner;
pub use source::{Inclusion, Module};
pub use static_library::StaticLibrary;
pub use stream::{inputs_of_stream, run_on_host, shapes_to_pin};
pub use verify::{cases_of, check, inputs, inputs_of, pin_shapes};
pub use workspace::{RuntimeCore, Workspace};
