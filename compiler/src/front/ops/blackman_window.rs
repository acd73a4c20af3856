use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::cosine_window;

/// A sum of two cosines with low side lobes.
pub(super) const BLACKMAN_WINDOW: OperatorDef = OperatorDef {
    name: "BlackmanWindow",
    domain: Domain::Onnx,
    versions: &[17],
    limits: "`size` must be known at compile time",
    read: |cx| cosine_window::read(cx, [0.42, -0.5, 0.08]),
};
