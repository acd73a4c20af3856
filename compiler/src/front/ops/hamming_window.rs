use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::cosine_window;

/// A raised cosine that does not reach zero.
pub(super) const HAMMING_WINDOW: OperatorDef = OperatorDef {
    name: "HammingWindow",
    domain: Domain::Onnx,
    versions: &[17],
    limits: "`size` must be known at compile time",
    read: |cx| cosine_window::read(cx, [25.0 / 46.0, -21.0 / 46.0, 0.0]),
};
