use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::{cast, reshaped};
use crate::ir::primitives::{Binary, BinaryOp, Cumulate, ReduceOp, Select};
use crate::ir::{DType, OpError, ValueId, op_error};

/// The sum of each element and all before it along an axis.
pub(super) const CUM_SUM: OperatorDef = OperatorDef {
    name: "CumSum",
    domain: Domain::Onnx,
    versions: &[11, 14],
    limits: "",
    read: |cx| read(cx, ReduceOp::Sum),
};

/// Reads `CumSum` or `CumProd`. Where the axis is known at run time only, each is tried and one chosen.
pub(super) fn read(cx: &mut NodeContext<'_>, op: ReduceOp) -> Result<Vec<ValueId>, OpError> {
    let (exclusive, reverse) = (
        cx.attributes.flag("exclusive", false)?,
        cx.attributes.flag("reverse", false)?,
    );
    let (ty, axis) = (cx.ty(0)?, cx.ty(1)?);
    if axis.len() != 1 || !matches!(axis.dtype, DType::I32 | DType::I64) {
        return Err(op_error(format!("input `axis` is {axis}, it must be one i32 or i64")));
    }
    let x = cx.input(0)?;
    let x = if matches!(ty.dtype, DType::F16 | DType::Bf16) {
        cast(cx, x, DType::F32)?
    } else {
        x
    };
    let cumulate = |axis| Cumulate {
        op,
        axis,
        exclusive,
        reverse,
    };
    let y = match cx.constant(1).and_then(|axis| axis.to_i64()).as_deref() {
        Some([axis]) => cx.add(cumulate(ty.axis(*axis)?), &[x])?,
        _ => {
            let chosen = cx.input(1)?;
            let chosen = reshaped(cx, chosen, &[])?;
            let mut y = cx.add(cumulate(ty.axis(0)?), &[x])?;
            for axis in 1..ty.rank() {
                let other = cx.add(cumulate(axis), &[x])?;
                let names = [axis as f64, axis as f64 - ty.rank() as f64];
                for name in names {
                    let name = cx.scalar(cx.value_ty(chosen).dtype, name);
                    let is_chosen = cx.add(Binary::from(BinaryOp::Equal), &[chosen, name])?;
                    y = cx.add(Select, &[is_chosen, other, y])?;
                }
            }
            y
        }
    };
    cast(cx, y, ty.dtype).map(|y| vec![y])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::Tensor;

    #[test]
    fn axes_at_run_time() {
        let x = || Given(Tensor::i32(&[2, 2], &[1, 2, 3, 4]));
        let flags = [int("exclusive", 1), int("reverse", 1)];
        for (axis, sums) in [
            (0, [3, 4, 0, 0]),
            (1, [2, 0, 4, 0]),
            (-1, [2, 0, 4, 0]),
            (-2, [3, 4, 0, 0]),
        ] {
            for axis in [
                Given(Tensor::i32(&[], &[axis])),
                Known(Tensor::i64(&[], &[axis.into()])),
            ] {
                assert_eq!(
                    run(14, "CumSum", &flags, &[x(), axis], 1),
                    Ok(vec![Tensor::i32(&[2, 2], &sums)])
                );
            }
        }
        let axis = Known(Tensor::i64(&[], &[2]));
        assert!(run(14, "CumSum", &[], &[x(), axis], 1).is_err_and(|e| e.contains("axis 2")));
        let products = run(26, "CumProd", &[], &[x(), Given(Tensor::i64(&[], &[1]))], 1);
        assert_eq!(products, Ok(vec![Tensor::i32(&[2, 2], &[1, 2, 3, 12])]));
    }
}
