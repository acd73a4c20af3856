//! ONNX's own tests of its operators, run through the compiler.

mod hostile;
mod prepare;
mod report;
mod run;
mod scope;
mod suite;

pub use prepare::{Failure, Prepared, prepare};
pub use report::{markdown, refusals, summary};
pub use run::{Backend, Verdict, run};
pub use scope::reason;
pub use suite::{NodeTest, read};
