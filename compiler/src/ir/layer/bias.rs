use super::BIAS;
use crate::ir::program::View;
use crate::ir::{Lowering, Tensor};

/// The bias, or zeros.
pub(in crate::ir) fn bias_or_zeros(cx: &mut Lowering<'_>, channels: usize) -> View {
    if cx.has(BIAS) {
        return cx.input(BIAS);
    }
    let dtype = cx.ty(0).dtype;
    cx.add_constant(
        "bias",
        Tensor::new(dtype, vec![channels], vec![0; channels * dtype.size()]),
    )
}
