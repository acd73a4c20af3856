use super::layer_normalization::read;
use crate::front::node::{Domain, OperatorDef};

/// `RMSNormalization` under the name that ONNX Runtime gave it in ONNX's own domain.
pub(super) const SIMPLIFIED_LAYER_NORMALIZATION: OperatorDef = OperatorDef {
    name: "SimplifiedLayerNormalization",
    domain: Domain::Onnx,
    versions: &[1],
    limits: "of ONNX Runtime; computed in float32",
    read: |cx| read(cx, true),
};
