use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::indexing::{reduction, scattered, slices};

/// Puts slices where tuples of indices say. Opsets 16 and 18 added reductions.
pub(super) const SCATTER_ND: OperatorDef = OperatorDef {
    name: "ScatterND",
    domain: Domain::Onnx,
    versions: &[11, 13, 16, 18],
    limits: "",
    read: |cx| {
        let data = cx.ty(0)?;
        let slices = slices(cx, &data, 0)?;
        let reduction = reduction(cx)?;
        scattered(cx, slices, 2, reduction)
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, run, text};
    use crate::ir::Tensor;

    #[test]
    fn rows_are_added() {
        let data = || Given(Tensor::f32(&[2, 2], &[1.0, 2.0, 3.0, 4.0]));
        let indices = || Given(Tensor::i64(&[3, 1], &[0, -1, 1]));
        let updates = |rows: usize| Given(Tensor::f32(&[rows, 2], &vec![1.0; 2 * rows]));
        let add = [text("reduction", "add")];
        let sums = run(18, "ScatterND", &add, &[data(), indices(), updates(3)], 1);
        assert_eq!(sums, Ok(vec![Tensor::f32(&[2, 2], &[2.0, 3.0, 5.0, 6.0])]));
        assert!(run(18, "ScatterND", &add, &[data(), indices(), updates(2)], 1).is_err_and(|e| e.contains("[3, 2]")));
        assert!(run(13, "ScatterND", &add, &[data(), indices(), updates(3)], 1).is_err());
    }
}
