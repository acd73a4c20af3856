//! What Python is told of long work.

use crate::border::Stopped;
use edgec::middle::quantize::StartProgress;
use pyo3::prelude::*;
use std::panic::resume_unwind;
use std::sync::Arc;

/// A function of Python that is told what is being done, how much of it, and how much there is; or nobody.
#[derive(Clone)]
pub(crate) struct Listener(Option<Arc<Py<PyAny>>>);

impl Listener {
    /// This function.
    pub(crate) fn new(function: Option<Py<PyAny>>) -> Self {
        Self(function.map(Arc::new))
    }

    /// Tells the function. Ends the work if it raises an exception, or if the user has interrupted Python meanwhile:
    /// the compiler itself knows no way to give up.
    pub(crate) fn tell(&self, what: &str, done: usize, of: usize) {
        let told = Python::attach(|py| {
            py.check_signals()?;
            match &self.0 {
                Some(function) => function.call1(py, (what, done, of)).map(drop),
                None => Ok(()),
            }
        });
        if let Err(error) = told {
            resume_unwind(Box::new(Stopped(error)));
        }
    }

    /// The same for calibration.
    pub(crate) fn start(&self) -> StartProgress {
        let listener = self.clone();
        StartProgress::new(move || {
            let listener = listener.clone();
            Box::new(move |what, done, of| listener.tell(what, done, of))
        })
    }
}
