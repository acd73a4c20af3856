use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::{Binary, BinaryOp, MatMul, Transpose};
use crate::ir::{OpError, ValueId, op_error};

/// `alpha * A' * B' + beta * C`, where `'` is an optional transposition and C broadcasts.
pub(super) const GEMM: OperatorDef = OperatorDef {
    name: "Gemm",
    domain: Domain::Onnx,
    versions: &[1, 6, 7, 9, 11, 13],
    limits: "",
    read,
};

fn read(cx: &mut NodeContext<'_>) -> Result<Vec<ValueId>, OpError> {
    let old = cx.opset() < 7;
    product(cx, old).map(|y| vec![y])
}

/// The product with its summand, which only broadcasts if told to in `old` versions.
pub(super) fn product(cx: &mut NodeContext<'_>, old: bool) -> Result<ValueId, OpError> {
    let alpha = cx.attributes.float("alpha", 1.0)?;
    let beta = cx.attributes.float("beta", 1.0)?;
    let transposed = [
        cx.attributes.flag("transA", false)?,
        cx.attributes.flag("transB", false)?,
    ];
    for i in [0, 1] {
        if cx.ty(i)?.rank() != 2 {
            return Err(op_error(format!("operand {i} must be a matrix, it is {}", cx.ty(i)?)));
        }
    }
    let [a, b] = [operand(cx, 0, transposed[0])?, operand(cx, 1, transposed[1])?];
    let product = cx.add(MatMul, &[a, b])?;
    let product = cx.scaled(product, alpha)?;
    if !cx.has(2) {
        return Ok(product);
    }
    if old && !cx.attributes.flag("broadcast", false)? && cx.ty(2)?.shape != cx.value_ty(product).shape {
        return Err(op_error(format!(
            "before opset 7, {} does not broadcast to {}",
            cx.ty(2)?,
            cx.value_ty(product)
        ))
        .help("set `broadcast`, or convert the model to opset 7"));
    }
    let c = cx.scaled(cx.input(2)?, beta)?;
    cx.add(Binary::from(BinaryOp::Add), &[product, c])
}

fn operand(cx: &mut NodeContext<'_>, index: usize, transposed: bool) -> Result<ValueId, OpError> {
    let value = cx.input(index)?;
    if transposed {
        cx.add(Transpose { perm: vec![1, 0] }, &[value])
    } else {
        Ok(value)
    }
}
