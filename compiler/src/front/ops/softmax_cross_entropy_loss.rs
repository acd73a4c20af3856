use super::negative_log_likelihood_loss::loss;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::softmax;
use crate::front::shared::normalization::{cast, computed};
use crate::ir::op_error;

/// The loss of scores against classes: `NegativeLogLikelihoodLoss` of `LogSoftmax`.
pub(super) const SOFTMAX_CROSS_ENTROPY_LOSS: OperatorDef = OperatorDef {
    name: "SoftmaxCrossEntropyLoss",
    domain: Domain::Onnx,
    versions: &[12, 13],
    limits: "a class that is neither in range nor `ignore_index` counts as the nearest one",
    read: |cx| {
        let ty = cx.ty(0)?;
        if ty.rank() < 2 {
            return Err(op_error(format!("the scores {ty} must have a batch and classes")));
        }
        let scores = computed(cx, 0)?;
        let log_probabilities = softmax(cx, scores, 1, true)?;
        let loss = loss(cx, log_probabilities)?;
        Ok(vec![loss, cast(cx, log_probabilities, ty.dtype)?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn double_precision_and_both_outputs() {
        let scores = [0.5f64, 1.5, -3.0].into_iter().flat_map(f64::to_le_bytes);
        let scores = Given(Tensor::new(DType::F64, vec![1, 3], scores.collect()));
        let classes = Given(Tensor::i64(&[1], &[2]));
        let found = run(13, "SoftmaxCrossEntropyLoss", &[], &[scores, classes], 2).unwrap();
        let total: f64 = (0.5f64.exp() + 1.5f64.exp() + (-3.0f64).exp()).ln();
        assert!((found[0].to_f64()[0] - (total + 3.0)).abs() < 1e-12);
        assert!((found[1].to_f64()[1] - (1.5 - total)).abs() < 1e-12);
    }
}
