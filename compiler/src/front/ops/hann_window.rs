use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::cosine_window;

/// The square of half a sine wave.
pub(super) const HANN_WINDOW: OperatorDef = OperatorDef {
    name: "HannWindow",
    domain: Domain::Onnx,
    versions: &[17],
    limits: "`size` must be known at compile time",
    read: |cx| cosine_window::read(cx, [0.5, -0.5, 0.0]),
};
