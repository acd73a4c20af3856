use super::skip_layer_normalization::read;
use crate::front::node::{Domain, OperatorDef};

/// `SkipLayerNormalization` without a mean and without a shift.
pub(super) const SKIP_SIMPLIFIED_LAYER_NORMALIZATION: OperatorDef = OperatorDef {
    name: "SkipSimplifiedLayerNormalization",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "outputs `mean` and `inv_std_var`; computed in float32",
    read: |cx| read(cx, [Some(2), None], 3, true),
};
