use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::indexing::{gathered, slices};
use crate::ir::op_error;

/// Slices picked by tuples of indices. Opset 12 added `batch_dims`.
pub(super) const GATHER_ND: OperatorDef = OperatorDef {
    name: "GatherND",
    domain: Domain::Onnx,
    versions: &[11, 12, 13],
    limits: "",
    read: |cx| {
        let batch = cx.attributes.int("batch_dims", 0)?;
        let batch = usize::try_from(batch).map_err(|_| op_error(format!("attribute `batch_dims` is {batch}")))?;
        let data = cx.ty(0)?;
        let slices = slices(cx, &data, batch)?;
        gathered(cx, slices)
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::Tensor;

    #[test]
    fn batches_and_slices() {
        let x = || Given(Tensor::i32(&[2, 2, 2], &[0, 1, 2, 3, 4, 5, 6, 7]));
        let gather = |batch, indices| run(13, "GatherND", &[int("batch_dims", batch)], &[x(), indices], 1);
        let rows = gather(1, Given(Tensor::i64(&[2, 1], &[1, 0])));
        assert_eq!(rows, Ok(vec![Tensor::i32(&[2, 2], &[2, 3, 4, 5])]));
        let elements = gather(0, Known(Tensor::i64(&[2, 3], &[0, 0, 1, -1, -1, -1])));
        assert_eq!(elements, Ok(vec![Tensor::i32(&[2], &[1, 7])]));
        for (batch, wrong) in [
            (0, vec![2, 4]),
            (2, vec![2, 1]),
            (1, vec![1, 1]),
            (i64::MAX, vec![2, 1]),
        ] {
            let indices = Tensor::i64(&wrong, &vec![0; wrong.iter().product()]);
            assert!(gather(batch, Given(indices)).is_err(), "{batch} {wrong:?}");
        }
        assert!(gather(-1, Given(Tensor::i64(&[2, 1], &[0, 0]))).is_err_and(|e| e.contains("batch_dims")));
    }
}
