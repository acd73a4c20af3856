use crate::front::node::{Domain, NodeContext, OperatorDef, Refusal};
use crate::ir::{OpError, Tensor};

/// The indices of all elements that are not zero: a constant, since their number is a dimension of the output.
pub(super) const NON_ZERO: OperatorDef = OperatorDef {
    name: "NonZero",
    domain: Domain::Onnx,
    versions: &[9, 13],
    limits: "the input must be known at compile time",
    read: |cx| {
        let shape = cx.ty(0)?.shape;
        let found = found(cx, 0, "X")?;
        let mut indices = vec![];
        let mut step = 1;
        for extent in shape.iter().rev() {
            indices.splice(0..0, found.iter().map(|i| (i / step % extent) as i64));
            step *= extent;
        }
        let y = Tensor::i64(&[shape.len(), found.len()], &indices);
        Ok(vec![cx.add_constant(y)])
    },
};

/// The places of the elements of input `index`, called `name` in ONNX, that are not zero. It must be known.
pub(super) fn found(cx: &NodeContext<'_>, index: usize, name: &str) -> Result<Vec<usize>, OpError> {
    let reason = Refusal::DataDependentShape;
    let refused = |error: OpError| OpError {
        message: format!("{}: {}", reason.message(), error.message),
        help: error.help.map(|help| format!("{help}; or {}", cx.end_before())),
        ..error
    };
    let values = cx.known(index, name).map_err(refused)?.to_f64();
    Ok((0..values.len()).filter(|i| values[*i] != 0.0).collect())
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, run};
    use crate::ir::Tensor;

    #[test]
    fn of_constants() {
        let x = || Tensor::f32(&[2, 3], &[0.0, 1.0, f32::NAN, -0.0, 0.0, 2.0]);
        let y = Ok(vec![Tensor::i64(&[2, 3], &[0, 0, 1, 1, 2, 2])]);
        assert_eq!(run(13, "NonZero", &[], &[Known(x())], 1), y);
        assert!(run(13, "NonZero", &[], &[Given(x())], 1).is_err_and(|e| e.contains("depends on data")));
        assert_eq!(
            run(13, "NonZero", &[], &[Known(Tensor::i64(&[0, 2], &[]))], 1),
            Ok(vec![Tensor::i64(&[2, 0], &[])])
        );
    }
}
