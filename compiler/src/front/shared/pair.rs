//! What functions of two operands have in common: broadcasting, and how it was before opset 7.

use crate::front::node::NodeContext;
use crate::ir::primitives::{Binary, BinaryOp, Reshape};
use crate::ir::{OpError, ValueId, op_error};

/// Reads a function of two operands, with broadcasting as in NumPy; before opset 7 as `broadcast` and `axis` say.
pub(in crate::front) fn read(cx: &mut NodeContext<'_>, op: BinaryOp) -> Result<Vec<ValueId>, OpError> {
    let b = second(cx)?;
    cx.add_all(Binary::from(op), &[cx.input(0)?, b])
}

/// The second operand; before opset 7 in a shape that broadcasts as in NumPy: where `broadcast` is set, it is one
/// number, or as large as some neighbouring axes of the first, which begin with `axis` or else are the last.
pub(in crate::front) fn second(cx: &mut NodeContext<'_>) -> Result<ValueId, OpError> {
    let value = cx.input(1)?;
    if cx.opset() >= 7 {
        return Ok(value);
    }
    let (a, b) = (cx.ty(0)?, cx.ty(1)?);
    let broadcast = cx.attributes.flag("broadcast", false)?;
    let last = a.rank() as i64 - b.rank() as i64;
    let axis = cx.attributes.int("axis", last)?;
    if a.shape == b.shape {
        return Ok(value);
    }
    if broadcast && b.len() == 1 {
        return cx.add(Reshape { shape: vec![] }, &[value]);
    }
    let axes = usize::try_from(if axis < 0 {
        axis.saturating_add(a.rank() as i64)
    } else {
        axis
    });
    let after = axes
        .ok()
        .and_then(|axis| a.shape.get(axis..))
        .and_then(|rest| rest.strip_prefix(&b.shape[..]));
    match after {
        Some(after) if broadcast => {
            let mut shape = b.shape;
            shape.extend(after.iter().map(|_| 1));
            cx.add(Reshape { shape }, &[value])
        }
        _ => Err(op_error(format!("before opset 7, {b} does not broadcast to {a}")).help(
            "set `broadcast` and the `axis` at which the second operand begins, or convert the model to opset 7",
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run};
    use crate::ir::Tensor;

    #[test]
    fn limited_broadcasting() {
        let a = || Given(Tensor::f32(&[2, 2], &[1.0, 2.0, 3.0, 4.0]));
        let b = |shape: &[usize], values: &[f32]| Given(Tensor::f32(shape, values));
        let add = |attributes: &[_], b| run(6, "Add", attributes, &[a(), b], 1);
        let sums = |values: &[f32]| Ok(vec![Tensor::f32(&[2, 2], values)]);
        let pair = || b(&[2], &[10.0, 20.0]);
        assert_eq!(add(&[int("broadcast", 1)], pair()), sums(&[11.0, 22.0, 13.0, 24.0]));
        let rows = add(&[int("broadcast", 1), int("axis", 0)], pair());
        assert_eq!(rows, sums(&[11.0, 12.0, 23.0, 24.0]));
        assert_eq!(
            add(&[int("broadcast", 1)], b(&[1, 1], &[1.0])),
            sums(&[2.0, 3.0, 4.0, 5.0])
        );
        assert!(add(&[], pair()).is_err_and(|e| e.contains("set `broadcast`")));
        assert!(add(&[int("broadcast", 1), int("axis", 2)], pair()).is_err());
    }
}
