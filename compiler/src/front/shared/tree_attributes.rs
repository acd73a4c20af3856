//! Decision trees as `TreeEnsembleRegressor` and `TreeEnsembleClassifier` have them: lists of nodes and leaves.

use super::trees::{END, EQUAL, NAN_HOLDS, Trees, VALUE, ints, numbers};
use crate::front::node::NodeContext;
use crate::ir::{OpError, op_error};
use std::collections::{BTreeSet, HashMap};

/// What the attributes of leaves are called.
pub(in crate::front) struct LeafNames {
    trees: &'static str,
    nodes: &'static str,
    ids: &'static str,
    weights: &'static str,
    weights_as_tensor: &'static str,
}

/// The leaves of a regressor.
pub(in crate::front) const TARGETS: LeafNames = LeafNames {
    trees: "target_treeids",
    nodes: "target_nodeids",
    ids: "target_ids",
    weights: "target_weights",
    weights_as_tensor: "target_weights_as_tensor",
};

/// The leaves of a classifier.
pub(in crate::front) const CLASSES: LeafNames = LeafNames {
    trees: "class_treeids",
    nodes: "class_nodeids",
    ids: "class_ids",
    weights: "class_weights",
    weights_as_tensor: "class_weights_as_tensor",
};

/// An attribute of floats, or of doubles by another name; empty if neither is given.
pub(in crate::front) fn floats(
    cx: &mut NodeContext<'_>,
    single: &'static str,
    double: &'static str,
) -> Result<Vec<f64>, OpError> {
    let given = cx.attributes.floats(single)?.unwrap_or_default();
    let values = numbers(cx, double)?;
    Ok(if values.is_empty() {
        given.into_iter().map(f64::from).collect()
    } else {
        values
    })
}

/// Reads the nodes, and the leaves by the attributes `names`; there are as many `targets` as given, or as leaves name.
pub(in crate::front) fn trees(
    cx: &mut NodeContext<'_>,
    names: &LeafNames,
    targets: Option<usize>,
) -> Result<Trees, OpError> {
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
    let (target_trees, target_nodes) = (ints(cx, names.trees)?, ints(cx, names.nodes)?);
    let (target_ids, weights) = (
        ints(cx, names.ids)?,
        floats(cx, names.weights, names.weights_as_tensor)?,
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
    let target_lens = [target_trees.len(), target_nodes.len(), target_ids.len()];
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
    let last = target_ids.iter().max().map_or(0, |target| *target as usize + 1);
    let mut trees = Trees {
        targets: targets.unwrap_or(last),
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
    for (i, (target, weight)) in target_ids.into_iter().zip(weights).enumerate() {
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
