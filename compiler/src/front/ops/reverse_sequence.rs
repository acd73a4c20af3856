use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::indexing::numbers;
use crate::ir::primitives::{Binary, BinaryOp, Gather, Reshape, Select};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// The first elements of each sequence in reverse order, as many as `sequence_lens` says.
pub(super) const REVERSE_SEQUENCE: OperatorDef = OperatorDef {
    name: "ReverseSequence",
    domain: Domain::Onnx,
    versions: &[10, 28],
    limits: "",
    read: |cx| {
        let ty = cx.ty(0)?;
        let (batch, time) = (cx.attributes.int("batch_axis", 1)?, cx.attributes.int("time_axis", 0)?);
        let (true, [first, second, rest @ ..]) = ([[0, 1], [1, 0]].contains(&[batch, time]), &ty.shape[..]) else {
            return Err(op_error(format!("batch axis {batch} and time axis {time} of {ty}"))
                .help("one must be 0, the other 1, and the input must have two dimensions or more"));
        };
        let index = slice_of_each(cx, [*first, *second], time == 1)?;
        let x = cx.input(0)?;
        let slices = [&[first * second], rest].concat();
        let x = cx.add(Reshape { shape: slices }, &[x])?;
        cx.add(Gather { axis: 0 }, &[x, index]).map(|y| vec![y])
    },
};

/// For each step of each sequence, which slice of the input it is; of the first two dimensions, `extents`, time is the
/// second or the first.
fn slice_of_each(cx: &mut NodeContext<'_>, extents: [usize; 2], time_last: bool) -> Result<ValueId, OpError> {
    let [times, batches] = if time_last { [extents[1], extents[0]] } else { extents };
    let lens = cx.ty(1)?;
    if lens.shape != [batches] || lens.dtype != DType::I64 {
        return Err(op_error(format!(
            "`sequence_lens` is {lens}, it must be i64[{batches}]"
        )));
    }
    let [along_time, along_batch] = if time_last {
        [[1, times], [batches, 1]]
    } else {
        [[times, 1], [1, batches]]
    };
    let [time_step, batch_step] = if time_last { [1, times] } else { [batches, 1] };
    let binary = |cx: &mut NodeContext<'_>, op, a, b| cx.add(Binary::from(op), &[a, b]);
    let time = cx.add_constant(Tensor::i64(&along_time, &numbers(times, 1)?));
    let base = cx.add_constant(Tensor::i64(&along_batch, &numbers(batches, batch_step)?));
    let lens = cx.input(1)?;
    let lens = cx.add(
        Reshape {
            shape: along_batch.to_vec(),
        },
        &[lens],
    )?;
    let longest = cx.scalar(DType::I64, times as f64);
    let lens = binary(cx, BinaryOp::Min, lens, longest)?;
    let one = cx.scalar(DType::I64, 1.0);
    let last = binary(cx, BinaryOp::Sub, lens, one)?;
    let reversed = binary(cx, BinaryOp::Sub, last, time)?;
    let inside = binary(cx, BinaryOp::Less, time, lens)?;
    let step = cx.scalar(DType::I64, time_step as f64);
    let index = cx.add(Select, &[inside, reversed, time])?;
    let index = binary(cx, BinaryOp::Mul, index, step)?;
    binary(cx, BinaryOp::Add, index, base)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run};
    use crate::ir::Tensor;

    #[test]
    fn either_axis_is_time() {
        let x = || Given(Tensor::i32(&[2, 3], &[1, 2, 3, 4, 5, 6]));
        let lens = |lens: &[i64]| Given(Tensor::i64(&[lens.len()], lens));
        let rows = run(
            10,
            "ReverseSequence",
            &[int("batch_axis", 0), int("time_axis", 1)],
            &[x(), lens(&[2, 9])],
            1,
        );
        assert_eq!(rows, Ok(vec![Tensor::i32(&[2, 3], &[2, 1, 3, 6, 5, 4])]));
        let columns = run(10, "ReverseSequence", &[], &[x(), lens(&[2, 1, 0])], 1);
        assert_eq!(columns, Ok(vec![Tensor::i32(&[2, 3], &[4, 2, 3, 1, 5, 6])]));
        assert!(run(10, "ReverseSequence", &[], &[x(), lens(&[1, 1])], 1).is_err_and(|e| e.contains("i64[3]")));
        assert!(run(10, "ReverseSequence", &[int("time_axis", 1)], &[x(), lens(&[1; 3])], 1).is_err());
    }
}
