use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::front::shared::trees::{Aggregate, END, EQUAL, NAN_HOLDS, Transform, Trees, VALUE, ints, numbers};
use crate::ir::primitives::ReduceOp;
use crate::ir::{DType, OpError, op_error};
use std::collections::{BTreeSet, HashMap};

/// What rows of features lead to in decision trees. Opset 3 added attributes of doubles.
pub(super) const TREE_ENSEMBLE_REGRESSOR: OperatorDef = OperatorDef {
    name: "TreeEnsembleRegressor",
    domain: Domain::Ml,
    versions: &[1, 3, 5],
    limits: "`post_transform` must be `NONE`, `SOFTMAX` or `LOGISTIC`",
    read: |cx| {
        let dtype = cx.ty(0)?.dtype;
        let functions = [
            ("SUM", (false, ReduceOp::Sum)),
            ("AVERAGE", (true, ReduceOp::Sum)),
            ("MIN", (false, ReduceOp::Min)),
            ("MAX", (false, ReduceOp::Max)),
        ];
        let (average, op) = cx.attributes.choice("aggregate_function", &functions)?;
        let transforms = [
            ("NONE", Transform::None),
            ("SOFTMAX", Transform::Softmax),
            ("LOGISTIC", Transform::Logistic),
        ];
        let transform = cx.attributes.choice("post_transform", &transforms)?;
        if ![DType::F32, DType::F64, DType::I32, DType::I64].contains(&dtype) {
            return Err(op_error(format!("features are {dtype}")).help("supported: float32, float64, int32, int64"));
        }
        let trees = trees(cx)?;
        let base = floats(cx, "base_values", "base_values_as_tensor")?;
        if ![0, 1, trees.targets].contains(&base.len()) {
            return Err(op_error(format!(
                "{} base values are given for {} targets",
                base.len(),
                trees.targets
            )));
        }
        let aggregate = Aggregate {
            op,
            average,
            base,
            transform,
        };
        let computed = if dtype == DType::F32 { dtype } else { DType::F64 };
        let y = trees.add(cx, computed, aggregate)?;
        cast(cx, y, DType::F32).map(|y| vec![y])
    },
};

/// An attribute of floats, or of doubles by another name; empty if neither is given.
fn floats(cx: &mut NodeContext<'_>, single: &'static str, double: &'static str) -> Result<Vec<f64>, OpError> {
    let given = cx.attributes.floats(single)?.unwrap_or_default();
    let values = numbers(cx, double)?;
    Ok(if values.is_empty() {
        given.into_iter().map(f64::from).collect()
    } else {
        values
    })
}

fn trees(cx: &mut NodeContext<'_>) -> Result<Trees, OpError> {
    cx.attributes.ignore("nodes_hitrates");
    cx.attributes.ignore("nodes_hitrates_as_tensor");
    let (tree_ids, node_ids) = (ints(cx, "nodes_treeids")?, ints(cx, "nodes_nodeids")?);
    let kinds = cx.attributes.strings("nodes_modes")?.unwrap_or_default();
    let (features, mut nan_holds) = (
        ints(cx, "nodes_featureids")?,
        ints(cx, "nodes_missing_value_tracks_true")?,
    );
    let (then, otherwise) = (ints(cx, "nodes_truenodeids")?, ints(cx, "nodes_falsenodeids")?);
    let values = floats(cx, "nodes_values", "nodes_values_as_tensor")?;
    let (target_trees, target_nodes) = (ints(cx, "target_treeids")?, ints(cx, "target_nodeids")?);
    let (targets, weights) = (
        ints(cx, "target_ids")?,
        floats(cx, "target_weights", "target_weights_as_tensor")?,
    );
    let count = kinds.len();
    nan_holds.resize(nan_holds.len().max(count), 0);
    let lens = [
        tree_ids.len(),
        node_ids.len(),
        features.len(),
        nan_holds.len(),
        then.len(),
        otherwise.len(),
    ];
    let target_lens = [target_trees.len(), target_nodes.len(), targets.len()];
    if lens != [count; 6] || values.len() != count || target_lens != [weights.len(); 3] {
        return Err(op_error(
            "the attributes that describe nodes or targets differ in length",
        ));
    }
    let ids: HashMap<[i32; 2], i32> = tree_ids.iter().zip(&node_ids).map(|(t, n)| [*t, *n]).zip(0..).collect();
    let find = |tree: i32, node: i32| {
        let found = ids.get(&[tree, node]).copied();
        found.ok_or_else(|| op_error(format!("node {node} of tree {tree} does not exist")))
    };
    let last = targets.iter().max().map_or(0, |target| i64::from(*target) + 1);
    let mut trees = Trees {
        targets: usize::try_from(cx.attributes.int("n_targets", last)?).unwrap_or(0),
        roots: vec![],
        nodes: vec![],
        values,
    };
    for (i, kind) in kinds.iter().enumerate() {
        let names = [
            "BRANCH_LEQ",
            "BRANCH_LT",
            "BRANCH_GTE",
            "BRANCH_GT",
            "BRANCH_EQ",
            "BRANCH_NEQ",
        ];
        trees.nodes.push(match names.iter().position(|name| name == kind) {
            Some(kind) => {
                let kind = kind as i32 + NAN_HOLDS * nan_holds[i].min(1);
                [
                    kind,
                    features[i],
                    find(tree_ids[i], then[i])?,
                    find(tree_ids[i], otherwise[i])?,
                ]
            }
            None if kind == "LEAF" => [EQUAL, 0, END, END],
            None => {
                let message = format!("attribute `nodes_modes` holds `{}`", kind.escape_debug());
                return Err(op_error(message).help(format!("supported: {}, LEAF", names.join(", "))));
            }
        });
    }
    for tree in tree_ids.iter().copied().collect::<BTreeSet<_>>() {
        trees.roots.push(find(tree, 0)?);
    }
    for (i, (target, weight)) in targets.into_iter().zip(weights).enumerate() {
        let leaf = find(target_trees[i], target_nodes[i])? as usize;
        if kinds[leaf] != "LEAF" {
            return Err(op_error(format!(
                "node {} of tree {} is no leaf",
                target_nodes[i], target_trees[i]
            )));
        }
        let (node, value) = (trees.nodes[leaf], trees.values[leaf]);
        let mut next = END;
        if node[0] == VALUE {
            // Further values of a leaf come after the first.
            next = trees.nodes.len() as i32;
            trees.nodes.push(node);
            trees.values.push(value);
        }
        (trees.nodes[leaf], trees.values[leaf]) = ([VALUE, target, next, END], weight);
    }
    trees.check()?;
    Ok(trees)
}

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
