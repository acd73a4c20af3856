use crate::arrays::{Given, tensor};
use crate::border::{Failure, long};
use crate::compiled::Compiled;
use crate::options::Options;
use crate::progress::Listener;
use edgec::Compiler;
use edgec::tools::eval::{Findings, TestSet, Trial};
use edgec::tools::inspect::Inspected;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A model with the options to compile it with.
#[pyclass(frozen, module = "edgec._edgec")]
pub(crate) struct Model {
    /// All options but those of quantization.
    plain: Compiler,
    options: Options,
}

/// `value` as JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::usage(error.to_string()))
}

#[pymethods]
impl Model {
    /// A model in a file or in bytes, options as JSON, and values of inputs: baked ones, and those of the self-test.
    #[new]
    fn new(
        py: Python<'_>,
        path: Option<PathBuf>,
        bytes: Option<PyBackedBytes>,
        options: &str,
        bake: BTreeMap<String, Given>,
        self_test: BTreeMap<String, Given>,
    ) -> PyResult<Self> {
        let made = || {
            let options = Options::read(options)?;
            let compiler = match (path, bytes) {
                (Some(path), _) => Compiler::new(path),
                (None, bytes) => Compiler::from_bytes(bytes.as_deref().unwrap_or_default()),
            };
            let mut plain = options.apply(compiler)?;
            for (input, value) in &bake {
                plain = plain.bake(input, tensor(value)?);
            }
            for (input, value) in &self_test {
                plain = plain.self_test_input(input, tensor(value)?);
            }
            Ok(Self { plain, options })
        };
        made().map_err(|failure: Failure| failure.raise(py))
    }

    /// Compiles it.
    fn compile(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<Compiled> {
        let told = Listener::new(progress);
        long(py, || {
            let compiler = self.options.quantize(self.plain.clone(), false, &told)?;
            let compiled = compiler.compile()?;
            Ok(Compiled::new(compiler, compiled))
        })
    }

    /// What it is and whether it compiles, as JSON.
    fn inspect(
        &self,
        py: Python<'_>,
        prune_report: bool,
        ram_curve: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<String> {
        let told = Listener::new(progress);
        long(py, || {
            let compiler = self.options.quantize(self.plain.clone(), false, &told)?;
            json(&Inspected::of(&compiler, prune_report, ram_curve)?)
        })
    }

    /// How good it is on samples, in floats and quantised, as JSON; and remarks on the samples.
    #[allow(clippy::too_many_arguments, reason = "a call from Python, by name there")]
    fn evaluate(
        &self,
        py: Python<'_>,
        data: &str,
        samples: Option<&str>,
        labels: Option<&str>,
        output: Option<&str>,
        first: Option<usize>,
        layers: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(String, Vec<String>)> {
        let told = Listener::new(progress);
        long(py, || {
            let float = self.plain.compile()?;
            let set = TestSet::open(data, samples, labels, &float.program.inputs)?;
            let set = match first {
                Some(count) => set.first(count),
                None => set,
            };
            let mut trial = Trial {
                float: &float,
                quantized: None,
                runner: None,
                set: &set,
                output,
            };
            trial.check()?;
            let quantizer = self.options.quantize(self.plain.clone(), true, &told)?;
            let scheme = self.options.scheme();
            let compiled = scheme.as_ref().map(|_| quantizer.compile()).transpose()?;
            trial.quantized = compiled.as_ref().zip(scheme);
            let evaluation = trial.evaluate(&mut |what, done, of| told.tell(what, done, of))?;
            let layers = if layers { trial.layers()? } else { vec![] };
            Ok((json(&Findings { evaluation, layers })?, set.notes.clone()))
        })
    }
}
