use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::indexing::numbers;
use crate::ir::primitives::{Binary, BinaryOp, Reshape, Select};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// The part of matrices on and above diagonal `k`, or on and below it, and zeros elsewhere.
pub(super) const TRILU: OperatorDef = OperatorDef {
    name: "Trilu",
    domain: Domain::Onnx,
    versions: &[14],
    limits: "",
    read: |cx| {
        let upper = cx.attributes.flag("upper", true)?;
        let ty = cx.ty(0)?;
        let [.., rows, columns] = ty.shape[..] else {
            return Err(op_error(format!(
                "the input is {ty}, it must have two dimensions or more"
            )));
        };
        let row = cx.add_constant(Tensor::i64(&[rows, 1], &numbers(rows, 1)?));
        let column = cx.add_constant(Tensor::i64(&[columns], &numbers(columns, 1)?));
        let k = diagonal(cx, rows, columns)?;
        let first = cx.add(Binary::from(BinaryOp::Add), &[row, k])?;
        let order = if upper {
            BinaryOp::GreaterOrEqual
        } else {
            BinaryOp::LessOrEqual
        };
        let mask = cx.add(Binary::from(order), &[column, first])?;
        let zero = cx.scalar(ty.dtype, 0.0);
        let x = cx.input(0)?;
        cx.add(Select, &[mask, x, zero]).map(|y| vec![y])
    },
};

/// `k`, within the diagonals that there are and one more on each side.
fn diagonal(cx: &mut NodeContext<'_>, rows: usize, columns: usize) -> Result<ValueId, OpError> {
    if !cx.has(1) {
        return Ok(cx.scalar(DType::I64, 0.0));
    }
    if cx.ty(1)?.len() != 1 || cx.ty(1)?.dtype != DType::I64 {
        return Err(op_error(format!("input `k` is {}, it must be one i64", cx.ty(1)?)));
    }
    let k = cx.input(1)?;
    let k = cx.add(Reshape { shape: vec![] }, &[k])?;
    let (least, greatest) = (
        cx.scalar(DType::I64, -(rows as f64)),
        cx.scalar(DType::I64, columns as f64),
    );
    let k = cx.add(Binary::from(BinaryOp::Max), &[k, least])?;
    cx.add(Binary::from(BinaryOp::Min), &[k, greatest])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::Tensor;

    #[test]
    fn diagonals_at_run_time() {
        let x = || Given(Tensor::i32(&[2, 2], &[1, 2, 3, 4]));
        let k = |k| Tensor::i64(&[], &[k]);
        for (diagonal, upper, lower) in [
            (i64::MIN, [1, 2, 3, 4], [0; 4]),
            (-1, [1, 2, 3, 4], [0, 0, 3, 0]),
            (1, [0, 2, 0, 0], [1, 2, 3, 4]),
            (i64::MAX, [0; 4], [1, 2, 3, 4]),
        ] {
            for (flag, result) in [(1, upper), (0, lower)] {
                for k in [Given(k(diagonal)), Known(k(diagonal))] {
                    let y = run(14, "Trilu", &[int("upper", flag)], &[x(), k], 1);
                    assert_eq!(y, Ok(vec![Tensor::i32(&[2, 2], &result)]), "{diagonal} {flag}");
                }
            }
        }
    }
}
