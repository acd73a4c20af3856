use super::scatter_elements;
use crate::front::node::{Domain, OperatorDef};

/// What `ScatterElements` was called before opset 11.
pub(super) const SCATTER: OperatorDef = OperatorDef {
    name: "Scatter",
    domain: Domain::Onnx,
    versions: &[9, 11],
    limits: "",
    read: scatter_elements::SCATTER_ELEMENTS.read,
};
