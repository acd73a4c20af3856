//! ONNX operators: how each is read, and the primitives it becomes. One operator, one file.

mod add;
mod flatten;
mod gemm;
mod mat_mul;
mod relu;

use crate::import::NodeContext;
use crate::ir::{OpError, ValueId};

/// A domain of operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Domain {
    /// `ai.onnx`, written as the empty string in models.
    Onnx,
    /// `com.microsoft`.
    Microsoft,
}

impl Domain {
    /// The name in models, `""` for ONNX's own.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Onnx => "",
            Self::Microsoft => "com.microsoft",
        }
    }
}

/// One ONNX operator.
#[derive(Debug)]
pub struct OperatorDef {
    /// Its name.
    pub name: &'static str,
    /// Its domain.
    pub domain: Domain,
    /// The opset versions that changed it, from the first to the newest that is handled.
    pub versions: &'static [i64],
    /// What is refused, for the table of operators; empty if nothing is.
    pub limits: &'static str,
    /// Reads a node and adds the primitives that compute it; gives one value an output.
    pub read: fn(&mut NodeContext<'_>) -> Result<Vec<ValueId>, OpError>,
}

/// Every operator, in alphabetical order.
pub const OPERATORS: &[&OperatorDef] = &[
    &add::ADD,
    &flatten::FLATTEN,
    &gemm::GEMM,
    &mat_mul::MAT_MUL,
    &relu::RELU,
];

/// The operator called `name` in `domain`.
pub fn find(domain: &str, name: &str) -> Option<&'static OperatorDef> {
    let domain = if domain == "ai.onnx" { "" } else { domain };
    OPERATORS.iter().copied().find(|op| op.name == name && op.domain.name() == domain)
}
