use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::{AnyFunction, Gelu, GeluTanh};

/// `x` times the share of a normal distribution below `x`, by the error function or an approximation with `tanh`.
pub(super) const GELU: OperatorDef = OperatorDef {
    name: "Gelu",
    domain: Domain::Onnx,
    versions: &[20],
    limits: "",
    read: |cx| {
        let forms: [(&str, AnyFunction); 2] = [("none", Gelu.into()), ("tanh", GeluTanh.into())];
        let function = cx.attributes.choice("approximate", &forms)?;
        cx.map(function)
    },
};

/// `x` times the share of a normal distribution below `x`, by the error function.
pub(super) const MICROSOFT_GELU: OperatorDef = OperatorDef {
    name: "Gelu",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "",
    read: |cx| cx.map(Gelu.into()),
};
