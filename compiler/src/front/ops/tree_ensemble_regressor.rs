use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::front::shared::scores::{Second, Transform};
use crate::front::shared::tree_attributes::{TARGETS, floats, trees};
use crate::front::shared::trees::Aggregate;
use crate::ir::primitives::ReduceOp;
use crate::ir::{DType, op_error};

/// What rows of features lead to in decision trees. Opset 3 added attributes of doubles.
pub(super) const TREE_ENSEMBLE_REGRESSOR: OperatorDef = OperatorDef {
    name: "TreeEnsembleRegressor",
    domain: Domain::Ml,
    versions: &[1, 3, 5],
    limits: "",
    read: |cx| {
        let dtype = cx.ty(0)?.dtype;
        let functions = [
            ("SUM", (false, ReduceOp::Sum)),
            ("AVERAGE", (true, ReduceOp::Sum)),
            ("MIN", (false, ReduceOp::Min)),
            ("MAX", (false, ReduceOp::Max)),
        ];
        let (average, op) = cx.attributes.choice("aggregate_function", &functions)?;
        let transform = Transform::read(cx)?;
        let targets = match cx.attributes.int("n_targets", 0)? {
            0 => None,
            targets => Some(usize::try_from(targets).map_err(|_| op_error(format!("n_targets is {targets}")))?),
        };
        if ![DType::F32, DType::F64, DType::I32, DType::I64].contains(&dtype) {
            return Err(op_error(format!("features are {dtype}")).help("supported: float32, float64, int32, int64"));
        }
        let trees = trees(cx, &TARGETS, targets)?;
        let base = floats(cx, "base_values", "base_values_as_tensor")?;
        if ![0, 1, trees.targets].contains(&base.len()) {
            return Err(op_error(format!(
                "{} base values are given for {} targets",
                base.len(),
                trees.targets
            )));
        }
        let aggregate = Aggregate { op, average, base };
        let computed = if dtype == DType::F32 { dtype } else { DType::F64 };
        let y = trees.add(cx, computed, &aggregate)?;
        // ONNX Runtime transforms a single target by PROBIT only, as those of classifiers.
        let y = cast(cx, y, DType::F32)?;
        transform.of_scores(cx, y, Second::None).map(|y| vec![y])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, floats, int, ints, run, text, texts};
    use crate::ir::{DType, Tensor};

    #[test]
    fn leaves_with_several_targets() {
        let attributes = |mode, aggregate| {
            [
                ints("nodes_treeids", &[0, 0, 0, 1]),
                ints("nodes_nodeids", &[0, 1, 2, 0]),
                ints("nodes_featureids", &[1, 0, 0, 0]),
                texts("nodes_modes", &[mode, "LEAF", "LEAF", "LEAF"]),
                floats("nodes_values", &[0.5, 0.0, 0.0, 0.0]),
                ints("nodes_truenodeids", &[1, 0, 0, 0]),
                ints("nodes_falsenodeids", &[2, 0, 0, 0]),
                ints("target_treeids", &[0, 0, 0, 1]),
                ints("target_nodeids", &[1, 1, 2, 0]),
                ints("target_ids", &[0, 1, 1, 1]),
                floats("target_weights", &[1.0, 2.0, 4.0, 8.0]),
                floats("base_values", &[0.5, -0.5]),
                int("n_targets", 2),
                text("aggregate_function", aggregate),
            ]
        };
        let run =
            |mode, aggregate, x: Tensor| run(3, "TreeEnsembleRegressor", &attributes(mode, aggregate), &[Given(x)], 1);
        let y = |values: [f32; 4]| Ok(vec![Tensor::f32(&[2, 2], &values)]);
        let x = || Tensor::f32(&[2, 2], &[9.0, 0.5, 9.0, 1.0]);
        assert_eq!(run("BRANCH_LEQ", "SUM", x()), y([1.5, 9.5, 0.5, 11.5]));
        assert_eq!(run("BRANCH_LT", "MIN", x()), y([0.5, 3.5, 0.5, 3.5]));
        assert_eq!(
            run("BRANCH_GT", "AVERAGE", Tensor::i64(&[2, 2], &[9, 0, 9, 1])),
            y([0.5, 5.5, 1.0, 4.5])
        );
        assert!(run("BRANCH_MEMBER", "SUM", x()).is_err_and(|e| e.contains("BRANCH_NEQ, LEAF")));
        assert!(run("BRANCH_LEQ", "SUM", Tensor::f32(&[4, 1], &[0.0; 4])).is_err_and(|e| e.contains("2 features")));
        let bytes = Tensor::new(DType::U8, vec![1, 2], vec![0; 2]);
        assert!(run("BRANCH_LEQ", "SUM", bytes).is_err());
    }
}
