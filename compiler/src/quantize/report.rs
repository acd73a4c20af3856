use serde::Serialize;

/// What quantization did, and what it left.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Calibration samples.
    pub samples: usize,
    /// Operators that stay in floats: names of their nodes and why.
    pub float: Vec<(String, String)>,
    /// Remarks on the samples.
    pub warnings: Vec<String>,
}

impl Report {
    /// The report as remarks on a compiled model.
    pub fn notes(&self) -> Vec<String> {
        let float = self.float.iter().map(|(node, reason)| format!("`{}` stays in floats: {reason}", node.escape_debug()));
        self.warnings.iter().cloned().chain(float).collect()
    }
}
