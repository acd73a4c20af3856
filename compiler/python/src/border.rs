//! Where Python calls Rust: work without its lock, and everything that goes wrong as the exception `edgec.Error`.

use edgec::tools::eval::EvalError;
use edgec::tools::harness::HarnessError;
use edgec::{Error, OperatorProblem};
use miette::Diagnostic;
use pyo3::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What an exception says.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: &'static str,
    message: String,
    help: Option<String>,
    problems: Vec<OperatorProblem>,
}

impl Failure {
    /// Options that make no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        let (kind, help, problems) = ("usage", None, vec![]);
        let message = message.into();
        Self {
            kind,
            message,
            help,
            problems,
        }
    }

    /// A fault of the compiler, from what a panic says.
    fn fault(panic: &(dyn std::any::Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Self {
            kind: "internal",
            message: format!("internal error: {}", text.unwrap_or("unknown")),
            help: Some("please report this, with the model if you can share it".into()),
            problems: vec![],
        }
    }

    fn of(kind: &'static str, error: &dyn Diagnostic) -> Self {
        Self {
            kind,
            message: error.to_string(),
            help: error.help().map(|help| help.to_string()),
            problems: vec![],
        }
    }

    /// The exception.
    pub(crate) fn raise(self, py: Python<'_>) -> PyErr {
        let problems: Vec<_> = self.problems.into_iter().map(fields).collect();
        let made = || {
            let class = py.import("edgec.errors")?.getattr("Error")?;
            class.call1((self.message, self.help, self.kind, problems))
        };
        made().map_or_else(|error| error, PyErr::from_value)
    }
}

type Fields = (String, String, i64, String, Option<String>, Vec<String>);

/// A problem in the order of the fields of `edgec.Problem`.
fn fields(problem: OperatorProblem) -> Fields {
    let OperatorProblem {
        node,
        operator,
        opset,
        message,
        help,
        bake,
    } = problem;
    (node, operator, opset, message, help, bake)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Load(_) => "load",
            Error::Operators(_) => "operators",
            Error::Dimensions { .. } => "dimensions",
            Error::Pass { .. } => "internal",
            Error::Budget { .. } => "budget",
            Error::Quantization { .. } => "quantization",
            Error::Usage { .. } => "usage",
            Error::Samples { .. } => "samples",
            Error::Io { .. } => "io",
        };
        let failure = Self::of(kind, &error);
        match error {
            Error::Operators(problems) => Self { problems, ..failure },
            _ => failure,
        }
    }
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Samples(error) => error.into(),
            EvalError::Run(error) => error.into(),
        }
    }
}

impl From<HarnessError> for Failure {
    fn from(error: HarnessError) -> Self {
        Self::of("arrays", &error)
    }
}

/// An exception of Python in the middle of long work, which ends it: what a panic carries.
pub(crate) struct Stopped(pub(crate) PyErr);

/// Does long work while other threads of Python run.
///
/// # Errors
/// The exception that the work ends with.
pub(crate) fn long<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Failure> + Send) -> PyResult<T> {
    match py.detach(|| catch_unwind(AssertUnwindSafe(work))) {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(failure)) => Err(failure.raise(py)),
        Err(panic) => Err(match panic.downcast::<Stopped>() {
            Ok(stopped) => stopped.0,
            Err(panic) => Failure::fault(&*panic).raise(py),
        }),
    }
}
