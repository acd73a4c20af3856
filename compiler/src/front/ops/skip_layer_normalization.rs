use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::binary;
use crate::front::shared::normalization::{cast, filled, in_f32};
use crate::ir::primitives::{BinaryOp, LayerNormalization};
use crate::ir::{OpError, TensorType, ValueId, op_error};

/// The sum of the input, a tensor that skipped some layers and an optional bias, normalised over the last dimension,
/// and scaled and shifted.
pub(super) const SKIP_LAYER_NORMALIZATION: OperatorDef = OperatorDef {
    name: "SkipLayerNormalization",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "outputs `mean` and `inv_std_var`; computed in float32",
    read: |cx| {
        let shift = if cx.has(3) { Some(3) } else { None };
        read(cx, [Some(2), shift], 4, false)
    },
};

/// Reads both operators; the bias is input `bias`.
pub(super) fn read(
    cx: &mut NodeContext<'_>,
    [scale, shift]: [Option<usize>; 2],
    bias: usize,
    rms: bool,
) -> Result<Vec<ValueId>, OpError> {
    let epsilon = cx.attributes.float("epsilon", 1e-12)?;
    let (ty, skip) = (cx.ty(0)?, cx.ty(1)?);
    let leading = ty.rank().saturating_sub(skip.rank());
    let batch = usize::from(leading == 0);
    let fits = skip.rank() + 1 >= ty.rank() && ty.shape.get(leading + batch..) == skip.shape.get(batch..);
    if !(2..=3).contains(&ty.rank()) || !fits || batch == 1 && ![1, ty.shape[0]].contains(&skip.shape[0]) {
        return Err(op_error(format!("the input {ty} and the skipped {skip} do not fit")));
    }
    if cx.wants_output(1) || cx.wants_output(2) {
        return Err(op_error("the outputs `mean` and `inv_std_var` are not supported").help("only training uses them"));
    }
    let (x, skipped) = (in_f32(cx, 0)?, in_f32(cx, 1)?);
    let mut sum = binary(cx, BinaryOp::Add, x, skipped)?;
    if cx.has(bias) {
        row(cx, bias, &ty)?;
        let bias = in_f32(cx, bias)?;
        sum = binary(cx, BinaryOp::Add, sum, bias)?;
    }
    let y = normalised(cx, sum, [scale, shift], epsilon, rms)?;
    let (y, shown) = (cast(cx, y, ty.dtype)?, cast(cx, sum, ty.dtype)?);
    Ok(vec![y, y, y, shown])
}

/// An error unless input `index` is a row of the last dimension.
fn row(cx: &NodeContext<'_>, index: usize, ty: &TensorType) -> Result<(), OpError> {
    let given = cx.ty(index)?;
    match ty.shape.last() {
        Some(last) if given.shape == [*last] => Ok(()),
        _ => Err(op_error(format!(
            "input {index} is {given}, it must be one row of {ty}"
        ))),
    }
}

/// `x`, `f32`, normalised over the last dimension, with the inputs that scale and shift it, if given.
pub(super) fn normalised(
    cx: &mut NodeContext<'_>,
    x: ValueId,
    [scale, shift]: [Option<usize>; 2],
    epsilon: f32,
    rms: bool,
) -> Result<ValueId, OpError> {
    let ty = cx.value_ty(x).clone();
    let len = ty.shape.last().copied().unwrap_or(1);
    let mut operands = vec![x];
    for (index, neutral) in [(scale, 1.0), (shift, 0.0)] {
        operands.push(match index {
            Some(index) => {
                row(cx, index, &ty)?;
                in_f32(cx, index)?
            }
            None => filled(cx, len, neutral)?,
        });
    }
    operands.truncate(if rms { 2 } else { 3 });
    cx.add(LayerNormalization { epsilon, rms }, &operands)
}
