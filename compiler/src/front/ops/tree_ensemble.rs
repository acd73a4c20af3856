use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::front::shared::scores::Transform;
use crate::front::shared::trees::{Aggregate, END, EQUAL, NAN_HOLDS, Trees, VALUE, ints, numbers};
use crate::ir::primitives::ReduceOp;
use crate::ir::{DType, OpError, op_error};

/// What rows of features lead to in decision trees.
pub(super) const TREE_ENSEMBLE: OperatorDef = OperatorDef {
    name: "TreeEnsemble",
    domain: Domain::Ml,
    versions: &[5],
    limits: "",
    read: |cx| {
        let dtype = cx.ty(0)?.dtype;
        let (average, op) = match cx.attributes.int("aggregate_function", 1)? {
            0 => (true, ReduceOp::Sum),
            1 => (false, ReduceOp::Sum),
            2 => (false, ReduceOp::Min),
            3 => (false, ReduceOp::Max),
            other => {
                return Err(op_error(format!("attribute `aggregate_function` is {other}")).help("supported: 0 to 3"));
            }
        };
        let transform = match cx.attributes.int("post_transform", 0)? {
            0 => Transform::None,
            1 => Transform::Softmax,
            2 => Transform::Logistic,
            3 => Transform::SoftmaxZero,
            4 => Transform::Probit,
            other => {
                let help = "supported: 0 (none), 1 (softmax), 2 (logistic), 3 (softmax without zeros), 4 (probit)";
                return Err(op_error(format!("attribute `post_transform` is {other}")).help(help));
            }
        };
        if !dtype.is_float() {
            return Err(op_error(format!("features are {dtype}, they must be floats")));
        }
        let aggregate = Aggregate {
            op,
            average,
            base: vec![],
        };
        let computed = if dtype == DType::F64 { dtype } else { DType::F32 };
        let y = trees(cx)?.add(cx, computed, &aggregate)?;
        let y = transform.of_rows(cx, y)?;
        cast(cx, y, dtype).map(|y| vec![y])
    },
};

/// The kind of a node that tests for members of a set.
const MEMBER: i32 = 6;

/// The tables: the interior nodes, then the leaves, then nodes for further members of sets.
fn trees(cx: &mut NodeContext<'_>) -> Result<Trees, OpError> {
    cx.attributes.ignore("nodes_hitrates");
    let features = ints(cx, "nodes_featureids")?;
    let kinds = numbers(cx, "nodes_modes")?;
    let mut values = numbers(cx, "nodes_splits")?;
    let mut nan_holds = ints(cx, "nodes_missing_value_tracks_true")?;
    let (then, otherwise) = (ints(cx, "nodes_truenodeids")?, ints(cx, "nodes_falsenodeids")?);
    let (then_leaf, otherwise_leaf) = (ints(cx, "nodes_trueleafs")?, ints(cx, "nodes_falseleafs")?);
    let (targets, weights) = (ints(cx, "leaf_targetids")?, numbers(cx, "leaf_weights")?);
    let roots = ints(cx, "tree_roots")?;
    let count = features.len();
    nan_holds.resize(nan_holds.len().max(count), 0);
    let lens = [kinds.len(), values.len(), nan_holds.len(), then.len(), otherwise.len()];
    let leaf_lens = [then_leaf.len(), otherwise_leaf.len()];
    if lens != [count; 5] || leaf_lens != [count; 2] || targets.len() != weights.len() {
        return Err(op_error(
            "the attributes that describe nodes or leaves differ in length",
        ));
    }
    let next = |id: i32, is_leaf: i32| match is_leaf {
        0 if (id as usize) < count => Ok(id),
        1 if (id as usize) < weights.len() => Ok(count as i32 + id),
        _ => Err(op_error(format!("node or leaf {id} does not exist"))),
    };
    let mut nodes = vec![];
    for i in 0..count {
        let kind = kinds[i] as i32;
        if !(0..=MEMBER).contains(&kind) {
            return Err(op_error(format!("attribute `nodes_modes` holds {}", kinds[i])).help("supported: 0 to 6"));
        }
        let kind = kind + NAN_HOLDS * nan_holds[i].min(1);
        let after = [next(then[i], then_leaf[i])?, next(otherwise[i], otherwise_leaf[i])?];
        nodes.push([kind, features[i], after[0], after[1]]);
    }
    nodes.extend(targets.iter().map(|target| [VALUE, *target, END, END]));
    values.extend(&weights);
    let last = targets.iter().max().map_or(0, |target| i64::from(*target) + 1);
    let mut trees = Trees {
        targets: usize::try_from(cx.attributes.int("n_targets", last)?).unwrap_or(0),
        roots,
        nodes,
        values,
    };
    compare_members(&mut trees, count, &numbers(cx, "membership_values")?)?;
    trees.check()?;
    Ok(trees)
}

/// Puts a comparison for each member of a set in place of each of the first `count` nodes that tests for one.
fn compare_members(trees: &mut Trees, count: usize, members: &[f64]) -> Result<(), OpError> {
    let mut sets = members.split_inclusive(|value| value.is_nan());
    for i in 0..count {
        let [kind, feature, then, otherwise] = trees.nodes[i];
        if kind % NAN_HOLDS != MEMBER {
            continue;
        }
        let set = sets
            .next()
            .and_then(|set| set.split_last())
            .filter(|(end, _)| end.is_nan());
        let (_, set) = set.ok_or_else(|| op_error("attribute `membership_values` has too few sets"))?;
        let kind = kind - MEMBER + EQUAL;
        // Nothing equals NaN.
        let (first, others) = set.split_first().unwrap_or((&f64::NAN, &[]));
        let mut last = i;
        (trees.nodes[i], trees.values[i]) = ([kind, feature, then, otherwise], *first);
        for member in others {
            trees.nodes[last][3] = trees.nodes.len() as i32;
            last = trees.nodes.len();
            trees.nodes.push([kind, feature, then, otherwise]);
            trees.values.push(*member);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::front::proto::AttributeProto;
    use crate::front::testing::{Given, int, ints, run, tensor};
    use crate::ir::{DType, Tensor};

    fn attributes(second: &[i64], aggregate: i64) -> Vec<AttributeProto> {
        vec![
            ints("tree_roots", &[0, 1]),
            ints("nodes_featureids", &[0, 1]),
            tensor("nodes_modes", &Tensor::new(DType::U8, vec![2], vec![0, 6])),
            tensor("nodes_splits", &Tensor::f32(&[2], &[1.5, 0.0])),
            ints("nodes_missing_value_tracks_true", &[1, 0]),
            ints("nodes_truenodeids", &[0, second[0]]),
            ints("nodes_falsenodeids", &[1, 3]),
            ints("nodes_trueleafs", &[1, second[1]]),
            ints("nodes_falseleafs", &[1, 1]),
            tensor("membership_values", &Tensor::f32(&[3], &[1.0, 2.0, f32::NAN])),
            ints("leaf_targetids", &[0, 1, 0, 1]),
            tensor("leaf_weights", &Tensor::f32(&[4], &[-1.0, 2.0, 3.0, 4.5])),
            int("n_targets", 3),
            int("aggregate_function", aggregate),
        ]
    }

    #[test]
    fn sets_and_missing_values() {
        let x = || {
            Given(Tensor::f32(
                &[4, 2],
                &[1.0, 1.0, 2.0, 2.0, f32::NAN, f32::NAN, 1.0, 5.0],
            ))
        };
        let run = |second: &[i64], aggregate| run(5, "TreeEnsemble", &attributes(second, aggregate), &[x()], 1);
        let y = |values: [f32; 12]| Ok(vec![Tensor::f32(&[4, 3], &values)]);
        let sums = [2.0, 0.0, 0.0, 3.0, 2.0, 0.0, -1.0, 4.5, 0.0, -1.0, 4.5, 0.0];
        assert_eq!(run(&[2, 1], 1), y(sums));
        assert_eq!(run(&[2, 1], 0), y(sums.map(|sum| sum / 2.0)));
        let least = [-1.0, 0.0, 0.0, 3.0, 2.0, 0.0, -1.0, 4.5, 0.0, -1.0, 4.5, 0.0];
        assert_eq!(run(&[2, 1], 2), y(least));
        assert!(run(&[1, 0], 1).is_err_and(|e| e.contains("circle")));
        assert!(run(&[4, 1], 1).is_err_and(|e| e.contains("leaf 4 does not exist")));
        assert!(run(&[2, 1], 4).is_err_and(|e| e.contains("aggregate_function")));
    }
}
