use crate::border::{Failure, long};
use crate::executor::Executor;
use crate::model::json;
use edgec::Compiler;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;
use std::sync::Arc;

/// A compiled model.
#[pyclass(frozen, module = "edgec._edgec")]
pub(crate) struct Compiled {
    compiler: Compiler,
    compiled: Arc<edgec::Compiled>,
}

impl Compiled {
    /// What this compiler has made.
    pub(crate) fn new(compiler: Compiler, compiled: edgec::Compiled) -> Self {
        let compiled = Arc::new(compiled);
        Self { compiler, compiled }
    }
}

#[pymethods]
impl Compiled {
    /// What it is and costs, as JSON.
    fn report(&self, py: Python<'_>) -> PyResult<String> {
        json(&self.compiled.report).map_err(|failure| failure.raise(py))
    }

    /// The same for people.
    fn summary(&self) -> String {
        self.compiled.report.to_string()
    }

    /// The source, and what is to be in the file beside it that is called `sidecar`, if there is to be one.
    fn emit<'py>(&self, py: Python<'py>, sidecar: &str) -> PyResult<(String, Option<Bound<'py, PyBytes>>)> {
        let emitted = long(py, || Ok(self.compiler.emit(&self.compiled, sidecar)))?;
        let weights = emitted.sidecar.map(|bytes| PyBytes::new(py, &bytes));
        Ok((emitted.source, weights))
    }

    /// Writes the source, what is beside it, and functions for C with this header.
    fn write(&self, py: Python<'_>, output: PathBuf, c_header: Option<PathBuf>, force: bool) -> PyResult<()> {
        let compiler = self.compiler.clone().force(force);
        let compiler = match c_header {
            Some(header) => compiler.c_header(header),
            None => compiler,
        };
        long(py, || Ok(compiler.write(&self.compiled, &output).map(drop)?))
    }

    /// A page about it, as HTML, with what is in a file of measurements.
    fn page(&self, py: Python<'_>, profile: Option<PathBuf>) -> PyResult<String> {
        let compiler = self.compiler.clone();
        let compiler = match profile {
            Some(profile) => compiler.profile(profile),
            None => compiler,
        };
        long(py, || Ok(compiler.page(&self.compiled)?))
    }

    /// What runs it.
    fn executor(&self, py: Python<'_>) -> PyResult<Executor> {
        long(py, || Ok::<_, Failure>(Executor::new(self.compiled.clone())))
    }
}
