//! Where tests build emitted code.

use edgec::tools::harness::Workspace;
use std::path::Path;

/// Opens the workspace `name` in a test's folder, `CARGO_TARGET_TMPDIR`: for code that is built as users build it, for
/// any processor.
///
/// # Panics
/// If it cannot be opened.
pub fn open(folder: &str, name: &str) -> Workspace {
    Workspace::open(&Path::new(folder).join("edgec").join(name)).unwrap_or_else(|error| panic!("{error}"))
}

/// [`open`] for code that is built as some build it on their own machine: rustc then has one copy of each kernel to
/// compile instead of one for each instruction set.
///
/// # Panics
/// If it cannot be opened.
pub fn native(folder: &str, name: &str) -> Workspace {
    open(folder, name).rustflags("-C target-cpu=native")
}
