use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::{Silu, Swish};

/// `x * Sigmoid(alpha * x)`.
pub(super) const QUICK_GELU: OperatorDef = OperatorDef {
    name: "QuickGelu",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 1.702)?;
        cx.map(if alpha == 1.0 {
            Silu.into()
        } else {
            Swish { alpha }.into()
        })
    },
};
