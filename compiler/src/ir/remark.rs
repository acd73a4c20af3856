use serde::Serialize;
use std::fmt;

/// What a remark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemarkKind {
    /// A dimension that the model leaves open and that was given a size.
    OpenDimension,
    /// An output that has another shape than the model declares.
    DeclaredShape,
    /// An operator that computes in floats beside operators that compute in integers.
    StaysInFloats,
    /// What quantization did.
    Quantized,
    /// Calibration samples that say little.
    Samples,
    /// Outputs of which quantization loses much.
    PoorOutputs,
    /// Tensors that were given more bits, or layers that were left in floats, to keep to a bound.
    MoreBits,
    /// What quantization loses, measured against a bound.
    Loss,
    /// Channels that were removed because no result depends on them.
    DeadChannels,
    /// Quantised constants whose scale is zero or too small for a normal number.
    ZeroScale,
    /// Weights that are stored as wider numbers than the model has them.
    WiderWeights,
    /// A layer that a fast kernel of the machine does not compute.
    PortableKernel,
    /// Values that are strings or maps in the model and numbers here.
    Labels,
    /// Operators on constants that were not computed at compile time.
    LeftUnfolded,
    /// A loop whose number of trips is only known at run time, and bounded.
    MaxTrips,
    /// Layers that are computed in parts, so that the model fits the RAM.
    Tiles,
    /// Layers overwrite their input row by row.
    Overlap,
    /// Calls that are divided among threads.
    Threads,
    /// What a model that is computed frame by frame sees where the whole model sees padding.
    WindowEdges,
    /// An output that the self-test hardly tests.
    SelfTest,
    /// Measured layers of another version of the model.
    Tuned,
}

/// What the user should know of how a model was compiled. Shown as one sentence, with the advice after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// What it is about.
    pub kind: RemarkKind,
    /// The node, input or output, by its name in the model; `None` if it is about the whole model.
    pub node: Option<String>,
    /// What was found, as a clause that follows the name of the node, or as a sentence where there is no node.
    pub reason: String,
    /// What the user can do, where something can be done.
    pub advice: Option<String>,
}

impl Remark {
    /// A remark on the whole model.
    pub fn of_model(kind: RemarkKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            node: None,
            reason: reason.into(),
            advice: None,
        }
    }

    /// A remark on the node, input or output called `node`.
    pub fn on(kind: RemarkKind, node: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            node: Some(node.into()),
            ..Self::of_model(kind, reason)
        }
    }

    /// Adds what the user can do.
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// The remark as a line, as a warning or a note.
    pub fn line(&self) -> String {
        format!("{}: {self}", if self.is_warning() { "warning" } else { "note" })
    }

    /// Whether the model is hardly of use as it is.
    pub fn is_warning(&self) -> bool {
        self.kind == RemarkKind::PoorOutputs
    }

    /// Whether both say the same kind of thing of the same node.
    pub fn repeats(&self, other: &Self) -> bool {
        self.kind == other.kind && self.node.is_some() && self.node == other.node
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write!(f, "`{}` {}", node.escape_debug(), self.reason)?,
            None => f.write_str(&self.reason)?,
        }
        match &self.advice {
            Some(advice) => write!(f, " ({advice})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Remark, RemarkKind};

    #[test]
    fn a_remark_reads_as_a_sentence() {
        let remark = Remark::on(RemarkKind::OpenDimension, "x\n", "is open").advise("use --dim");
        assert_eq!(remark.to_string(), "`x\\n` is open (use --dim)");
        assert_eq!(
            Remark::of_model(RemarkKind::Loss, "all is well").to_string(),
            "all is well"
        );
    }

    #[test]
    fn only_remarks_on_one_node_repeat_each_other() {
        let on = |node: &str, reason: &str| Remark::on(RemarkKind::StaysInFloats, node, reason);
        assert!(on("a", "for one reason").repeats(&on("a", "for another")));
        assert!(!on("a", "").repeats(&on("b", "")));
        let whole = Remark::of_model(RemarkKind::StaysInFloats, "");
        assert!(!whole.repeats(&whole));
    }
}
