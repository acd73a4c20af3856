use super::NodeContext;
use crate::ir::{OpError, ValueId};

/// A domain of operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Domain {
    /// `ai.onnx`, written as the empty string in models.
    Onnx,
    /// `ai.onnx.ml`: classical machine learning.
    Ml,
    /// `ai.onnx.preview`: operators that ONNX may still change.
    Preview,
    /// `com.microsoft`.
    Microsoft,
}

impl Domain {
    /// Every domain, in the order of the tables.
    pub const ALL: [Self; 4] = [Self::Onnx, Self::Ml, Self::Preview, Self::Microsoft];

    /// The name in models, `""` for ONNX's own.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Onnx => "",
            Self::Ml => "ai.onnx.ml",
            Self::Preview => "ai.onnx.preview",
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
    /// Reads a node and adds the primitives that compute it; gives one value per output.
    pub read: fn(&mut NodeContext<'_>) -> Result<Vec<ValueId>, OpError>,
}
