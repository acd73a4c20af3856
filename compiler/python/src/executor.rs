use crate::arrays::{Given, Made, array, tensor};
use crate::border::{Failure, long};
use edgec::Compiled;
use edgec::back::exec::{self, Memory};
use edgec::ir::Tensor;
use edgec::ir::program::Port;
use edgec::tools::harness::{HarnessError, conform};
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// Runs a compiled model by the kernels that devices run.
#[pyclass(frozen, module = "edgec._edgec")]
pub(crate) struct Executor {
    compiled: Arc<Compiled>,
    /// Nothing while a run has it, and after one that has failed.
    memory: Mutex<Option<Memory>>,
}

impl Executor {
    /// Of this model, before its first run.
    pub(crate) fn new(compiled: Arc<Compiled>) -> Self {
        let memory = Mutex::new(Some(compiled.executor().into_memory()));
        Self { compiled, memory }
    }

    /// Does something with the executor, one thread after the other.
    fn with<T>(&self, work: impl FnOnce(&mut exec::Executor<'_>) -> T) -> T {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let mut executor = match memory.take() {
            Some(kept) => exec::Executor::resume(&self.compiled.program, &self.compiled.plan, kept),
            None => self.compiled.executor(),
        };
        let result = work(&mut executor);
        *memory = Some(executor.into_memory());
        result
    }
}

/// Name, element type and shape.
type Described = (String, String, Vec<usize>);

fn described(ports: &[Port]) -> Vec<Described> {
    let described = |port: &Port| (port.name.clone(), port.ty.dtype.to_string(), port.ty.shape.clone());
    ports.iter().map(described).collect()
}

/// An array as an input takes it.
fn fitted(port: &Port, given: &Tensor) -> Result<Tensor, Failure> {
    let tensor = conform(&port.name, given, port.ty.dtype)?;
    if tensor.shape == port.ty.shape {
        return Ok(tensor);
    }
    let (name, ty) = (port.name.escape_debug(), &port.ty);
    let message = format!("input `{name}` is {ty} but the array is {}", tensor.ty());
    let help = "shapes are fixed when a model is compiled: reshape the array, or compile for its shape (shapes=..)";
    Err(HarnessError::new(message).help(help).into())
}

#[pymethods]
impl Executor {
    /// Name, element type and shape of each input.
    fn inputs(&self) -> Vec<Described> {
        described(&self.compiled.program.inputs)
    }

    /// The same of each output.
    fn outputs(&self) -> Vec<Described> {
        described(&self.compiled.program.outputs)
    }

    /// Runs one inference: an array for each input, in order, to one for each output.
    fn run<'py>(&self, py: Python<'py>, inputs: Vec<Given>) -> PyResult<Vec<Made<'py>>> {
        let outputs = long(py, || {
            let ports = &self.compiled.program.inputs;
            if inputs.len() != ports.len() {
                return Err(Failure::usage(format!(
                    "the model takes {} arrays, not {}",
                    ports.len(),
                    inputs.len()
                )));
            }
            let fitted = |(port, given)| fitted(port, &tensor(given)?);
            let inputs: Vec<_> = ports.iter().zip(&inputs).map(fitted).collect::<Result<_, _>>()?;
            Ok(self.with(|executor| executor.run(&inputs)))
        })?;
        Ok(outputs.iter().map(|output| array(py, output)).collect())
    }

    /// Sets states back to what they were before the first run.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        long(py, || {
            self.with(|executor| executor.reset());
            Ok(())
        })
    }
}
