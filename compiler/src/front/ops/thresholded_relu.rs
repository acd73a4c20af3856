use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::ThresholdedRelu;

/// `x` where greater than `alpha`, else 0.
pub(super) const THRESHOLDED_RELU: OperatorDef = OperatorDef {
    name: "ThresholdedRelu",
    domain: Domain::Onnx,
    versions: &[10, 22],
    limits: "",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 1.0)?;
        cx.map(ThresholdedRelu { alpha }.into())
    },
};
