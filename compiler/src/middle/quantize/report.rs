use serde::Serialize;

/// What quantization did, and what it left.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Calibration samples.
    pub samples: usize,
    /// Layers whose weights became integers.
    pub layers: usize,
    /// Pairs of neighbouring layers whose channels were brought to like ranges.
    pub equalized: usize,
    /// Tensors that have a quantization.
    pub tensors: usize,
    /// What was given more bits, those that matter most first.
    pub raised: Vec<Raised>,
    /// What is lost, where a bound was given: a text.
    pub loss: Option<String>,
    /// Operators that stay in floats: names of their nodes and why.
    pub float: Vec<(String, String)>,
    /// Remarks on the samples.
    pub warnings: Vec<String>,
}

/// Tensors that were given more bits, or a layer that is left in floats.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Raised {
    /// Their names.
    pub what: Vec<String>,
    /// The bits: 32 are those of floats.
    pub bits: u32,
    /// By how much the SQNR of the outputs rises for them alone; for a layer in floats, above what bits elsewhere come to.
    pub decibels: f64,
    /// Bytes that they take more.
    pub bytes: usize,
    /// Multiply-accumulates that read them, which take longer.
    pub macs: u64,
}

impl Report {
    /// The report as remarks on a compiled model.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!(
            "quantised {} layers and {} tensors on {} samples",
            self.layers, self.tensors, self.samples
        )];
        notes.extend(self.warnings.iter().cloned());
        for raised in &self.raised {
            let names: Vec<_> = raised
                .what
                .iter()
                .map(|name| format!("`{}`", name.escape_debug()))
                .collect();
            let names = names.join(", ");
            let Raised {
                bits,
                decibels,
                bytes,
                macs,
                ..
            } = raised;
            notes.push(match bits {
                32 => format!(
                    "floats for {names}: {decibels:+.1} dB above what bits elsewhere come to, {bytes} B more, {macs} MACs"
                ),
                _ => format!("{bits} bits for {names}: {decibels:+.1} dB by itself, {bytes} B more, read by {macs} MACs"),
            });
        }
        notes.extend(self.loss.iter().map(|loss| format!("quantization leaves {loss}")));
        let float = self.float.iter();
        notes.extend(float.map(|(node, reason)| format!("`{}` stays in floats: {reason}", node.escape_debug())));
        notes
    }

    /// Whether a remark of a later pass is on an operator that the report says stays in floats.
    pub fn tells(&self, remark: &str) -> bool {
        let starts = |name: &str| remark.starts_with(&format!("`{}` ", name.escape_debug()));
        self.float.iter().any(|(name, _)| starts(name))
    }
}
