//! The compiler as a module of Python, `edgec._edgec`. It is private: the package around it, in Python, has what users
//! call.
//!
//! What crosses the border is text and bytes: options and reports as JSON, and arrays as element type, shape and bytes.
//! So nothing here depends on NumPy's versions, and the package takes every Python by one stable interface (`abi3`).
//!
//! | file | holds |
//! |---|---|
//! | `model` | a model with options: compiled, inspected, evaluated |
//! | `compiled` | what came of it: source, report, page, files |
//! | `executor` | runs it |
//! | `options` | options as JSON |
//! | `arrays` | arrays |
//! | `border` | long work without Python's lock; errors and panics as exceptions |
//! | `progress` | what is told of long work, and its end by an interrupt |
#![forbid(unsafe_code)]

mod arrays;
mod border;
mod compiled;
mod executor;
mod model;
mod options;
mod progress;

use pyo3::prelude::*;

/// The compiler behind the package `edgec`.
#[pymodule]
mod _edgec {
    #[pymodule_export]
    use super::compiled::Compiled;
    #[pymodule_export]
    use super::executor::Executor;
    #[pymodule_export]
    use super::model::Model;
    #[pymodule_export]
    use super::targets;

    /// Version of the compiler.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's name of it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}

/// The names of targets, each with what it stands for.
#[pyfunction]
fn targets() -> Vec<(&'static str, &'static str)> {
    edgec::machine::NAMED
        .iter()
        .map(|named| (named.name, named.about))
        .collect()
}
