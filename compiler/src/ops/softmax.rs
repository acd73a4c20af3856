use super::{Domain, OperatorDef};
use crate::import::NodeContext;
use crate::ir::{OpError, ValueId};
use crate::primitives::{Reshape, Softmax};

/// Probabilities from scores; before opset 13 over all dimensions from `axis` on together.
pub(super) const SOFTMAX: OperatorDef = OperatorDef {
    name: "Softmax",
    domain: Domain::Onnx,
    versions: &[1, 11, 13],
    limits: "float64 is computed in float32",
    read: |cx| read(cx, false),
};

/// Reads `Softmax` or `LogSoftmax`.
pub(super) fn read(cx: &mut NodeContext<'_>, log: bool) -> Result<Vec<ValueId>, OpError> {
    let ty = cx.ty(0)?;
    if cx.opset() >= 13 {
        let axis = ty.axis(cx.attributes.int("axis", -1)?)?;
        return cx.op(Softmax { axis, log }, &[0]);
    }
    // The axis may also be the number of dimensions, which makes rows of one element.
    let axis = cx.attributes.int("axis", 1)?;
    let axis = if axis == ty.rank() as i64 {
        ty.rank()
    } else {
        ty.axis(axis)?
    };
    let rest = &ty.shape[axis..];
    if rest.first().is_some_and(|size| *size == rest.iter().product::<usize>()) {
        return cx.op(Softmax { axis, log }, &[0]);
    }
    let rows = vec![ty.shape[..axis].iter().product(), rest.iter().product()];
    let x = cx.input(0)?;
    let x = cx.add(Reshape { shape: rows }, &[x])?;
    let y = cx.add(Softmax { axis: 1, log }, &[x])?;
    Ok(vec![cx.add(Reshape { shape: ty.shape }, &[y])?])
}
