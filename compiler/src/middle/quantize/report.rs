use super::{Checked, Method, Tried};
use crate::ir::{Remark, RemarkKind};
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
    /// How good the outputs are on samples, bound or not.
    pub checked: Checked,
    /// The method that was kept of those that were tried, where that was left to the compiler.
    pub method: Option<Method>,
    /// The methods that were tried.
    pub tried: Vec<Tried>,
    /// Operators that stay in floats: names of their nodes and why.
    pub float: Vec<(String, String)>,
    /// Remarks on the samples.
    pub warnings: Vec<String>,
    /// A warning of outputs of which much is lost.
    #[serde(skip)]
    pub poor: Option<Remark>,
}

/// Tensors that were given more bits, or a layer that is left in floats.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Raised {
    /// Their names.
    pub what: Vec<String>,
    /// The bits: 32 are those of floats.
    pub bits: u32,
    /// By how much the SQNR of the outputs rises for them alone; for a layer in floats, above what bits elsewhere come
    /// to.
    pub decibels: f64,
    /// Bytes that they take more.
    pub bytes: usize,
    /// Multiply-accumulates that read them, which take longer.
    pub macs: u64,
}

impl Report {
    /// The report as remarks on a compiled model.
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks: Vec<_> = self.poor.iter().cloned().collect();
        remarks.push(Remark::of_model(
            RemarkKind::Quantized,
            format!(
                "quantised {} layers and {} tensors on {} samples",
                self.layers, self.tensors, self.samples
            ),
        ));
        if let Some(method) = self.method {
            let tried: Vec<_> = self.tried.iter().map(Tried::to_string).collect();
            let text = format!("method {method} is the best of {}", tried.join(", "));
            remarks.push(Remark::of_model(RemarkKind::Quantized, text));
        }
        let outputs: Vec<_> = self.checked.outputs.iter().map(|output| output.text()).collect();
        if !outputs.is_empty() {
            let samples = self.checked.samples;
            let text = format!("outputs against floats on {samples} samples: {}", outputs.join(", "));
            remarks.push(Remark::of_model(RemarkKind::Loss, text));
        }
        let warnings = self.warnings.iter();
        remarks.extend(warnings.map(|warning| Remark::of_model(RemarkKind::Samples, warning)));
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
            let reason = match bits {
                32 => format!(
                    "floats for {names}: {decibels:+.1} dB above what bits elsewhere come to, {bytes} B more, {macs} MACs"
                ),
                _ => {
                    format!("{bits} bits for {names}: {decibels:+.1} dB by itself, {bytes} B more, read by {macs} MACs")
                }
            };
            remarks.push(Remark::of_model(RemarkKind::MoreBits, reason));
        }
        let loss = self.loss.iter();
        remarks.extend(loss.map(|loss| Remark::of_model(RemarkKind::Loss, format!("quantization leaves {loss}"))));
        let float = self.float.iter();
        remarks.extend(
            float.map(|(node, reason)| {
                Remark::on(RemarkKind::StaysInFloats, node, format!("stays in floats: {reason}"))
            }),
        );
        remarks
    }
}
