use super::arg_max;
use crate::front::node::{Domain, OperatorDef};

/// The place of the least element along an axis.
pub(super) const ARG_MIN: OperatorDef = OperatorDef {
    name: "ArgMin",
    domain: Domain::Onnx,
    versions: &[1, 11, 12, 13],
    limits: "",
    read: |cx| arg_max::read(cx, false),
};
