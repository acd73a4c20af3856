use super::layer_normalization;
use crate::front::node::{Domain, OperatorDef};

/// Divides by the root mean square over the dimensions from `axis` on, then scales.
pub(super) const RMS_NORMALIZATION: OperatorDef = OperatorDef {
    name: "RMSNormalization",
    domain: Domain::Onnx,
    versions: &[23],
    limits: "computed in float32",
    read: |cx| layer_normalization::read(cx, true),
};
