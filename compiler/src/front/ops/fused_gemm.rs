use super::gemm::product;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::fused_activation;

/// `Gemm`, and a function of each element.
pub(super) const FUSED_GEMM: OperatorDef = OperatorDef {
    name: "FusedGemm",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "",
    read: |cx| {
        let y = product(cx, false)?;
        Ok(vec![fused_activation::of_letters(cx, y)?])
    },
};
