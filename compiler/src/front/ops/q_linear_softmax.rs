use super::softmax::of_version;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::q_linear::of_one;

/// Probabilities from quantised scores, quantised.
pub(super) const Q_LINEAR_SOFTMAX: OperatorDef = OperatorDef {
    name: "QLinearSoftmax",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "scales and zero points known only at run time",
    read: |cx| {
        // The version of ONNX `Softmax` that it stands for.
        let opset = cx.attributes.required_int("opset")?;
        of_one(cx, |cx, x| of_version(cx, x, opset, false))
    },
};
