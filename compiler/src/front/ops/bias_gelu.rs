use super::fast_gelu::biased;
use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Gelu;

/// `Gelu` by the error function, of the input plus a bias.
pub(super) const BIAS_GELU: OperatorDef = OperatorDef {
    name: "BiasGelu",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "",
    read: |cx| biased(cx, Gelu.into()),
};
