use super::normalization::cast;
use super::{Domain, OperatorDef};
use crate::import::NodeContext;
use crate::ir::{DType, OpError, Tensor, op_error};
use crate::primitives::{Binary, BinaryOp, Map, ReduceOp, Softmax, TreeEnsemble};
use runtime_core::function::Sigmoid;

/// What rows of features lead to in decision trees.
pub(super) const TREE_ENSEMBLE: OperatorDef = OperatorDef {
    name: "TreeEnsemble",
    domain: Domain::Ml,
    versions: &[5],
    limits: "`post_transform` must be 0 (none), 1 (softmax) or 2 (logistic)",
    read: |cx| {
        let (x, ty) = (cx.input(0)?, cx.ty(0)?);
        let computed = if ty.dtype == DType::F64 { DType::F64 } else { DType::F32 };
        cx.attributes.ignore("nodes_hitrates");
        let trees = Trees::read(cx)?;
        let (average, op) = match cx.attributes.int("aggregate_function", 1)? {
            0 => (true, ReduceOp::Sum),
            1 => (false, ReduceOp::Sum),
            2 => (false, ReduceOp::Min),
            3 => (false, ReduceOp::Max),
            other => {
                return Err(op_error(format!("attribute `aggregate_function` is {other}")).help("supported: 0 to 3"));
            }
        };
        let transform = cx.attributes.int("post_transform", 0)?;
        if !(0..=2).contains(&transform) {
            let help = "supported: 0 (none), 1 (softmax), 2 (logistic)";
            return Err(op_error(format!("attribute `post_transform` is {transform}")).help(help));
        }
        if !ty.dtype.is_float() || ty.shape.get(1).is_none_or(|features| *features < trees.features) {
            return Err(op_error(format!(
                "the input is {ty}, the trees ask for {} features",
                trees.features
            )));
        }
        let count = cx.scalar(computed, trees.roots.len() as f64);
        let bytes = trees
            .values
            .iter()
            .flat_map(|v| Tensor::scalar(computed, *v).bytes.to_vec())
            .collect();
        let values = cx.add_constant(Tensor::new(computed, vec![trees.values.len()], bytes));
        let roots = cx.add_constant(Tensor::i32(&[trees.roots.len()], &trees.roots));
        let nodes = cx.add_constant(Tensor::i32(&[trees.nodes.len(), 4], trees.nodes.as_flattened()));
        let x = cast(cx, x, computed)?;
        let ensemble = TreeEnsemble {
            targets: trees.targets,
            op,
        };
        let mut y = cx.add(ensemble, &[x, roots, nodes, values])?;
        if average {
            y = cx.add(Binary::from(BinaryOp::Div), &[y, count])?;
        }
        y = match transform {
            1 => cx.add(Softmax { axis: 1, log: false }, &[y])?,
            2 => cx.add(
                Map {
                    function: Sigmoid.into(),
                },
                &[y],
            )?,
            _ => y,
        };
        cast(cx, y, ty.dtype).map(|y| vec![y])
    },
};

/// The node kinds of the kernel: [`MEMBER`] is made of `EQUAL`.
const EQUAL: i32 = 4;
const MEMBER: i32 = 6;
const VALUE: i32 = 6;
const NAN_HOLDS: i32 = 8;

/// The tables of the kernel: the interior nodes, then the leaves, then nodes for further members of sets.
struct Trees {
    roots: Vec<i32>,
    nodes: Vec<[i32; 4]>,
    values: Vec<f64>,
    targets: usize,
    features: usize,
}

fn ints(cx: &mut NodeContext<'_>, name: &'static str) -> Result<Vec<i32>, OpError> {
    let values = cx.attributes.ints(name)?.unwrap_or_default();
    let values: Option<Vec<i32>> = values.iter().map(|value| i32::try_from(*value).ok()).collect();
    values
        .filter(|values| values.iter().all(|value| *value >= 0))
        .ok_or_else(|| {
            op_error(format!(
                "attribute `{name}` holds a number that is negative or too large"
            ))
        })
}

fn numbers(cx: &mut NodeContext<'_>, name: &'static str) -> Result<Vec<f64>, OpError> {
    Ok(cx
        .attributes
        .tensor(name)?
        .map(|tensor| tensor.to_f64())
        .unwrap_or_default())
}

impl Trees {
    fn read(cx: &mut NodeContext<'_>) -> Result<Self, OpError> {
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
            nodes.push([
                kind,
                features[i],
                next(then[i], then_leaf[i])?,
                next(otherwise[i], otherwise_leaf[i])?,
            ]);
        }
        nodes.extend(targets.iter().map(|target| [VALUE, *target, -1, -1]));
        values.extend(&weights);
        let last = targets.iter().max().map_or(0, |target| i64::from(*target) + 1);
        let trees = Self {
            targets: usize::try_from(cx.attributes.int("n_targets", last)?).unwrap_or(0),
            features: features.iter().max().map_or(0, |feature| *feature as usize + 1),
            roots,
            nodes,
            values,
        };
        if (trees.targets as i64) < last || trees.roots.iter().any(|root| *root as usize >= count) {
            return Err(op_error("a root or a target does not exist"));
        }
        trees.check_acyclic(count)?;
        let members = numbers(cx, "membership_values")?;
        trees.with_members(count, &members)
    }

    /// An error if a path through the first `count` nodes does not end.
    fn check_acyclic(&self, count: usize) -> Result<(), OpError> {
        let next = |node: usize| self.nodes[node][2..].iter().map(|n| *n as usize).filter(|n| *n < count);
        let mut before = vec![0usize; count];
        (0..count).flat_map(next).for_each(|node| before[node] += 1);
        let mut open: Vec<usize> = (0..count).filter(|node| before[*node] == 0).collect();
        let mut done = 0;
        while let Some(node) = open.pop() {
            done += 1;
            for node in next(node) {
                before[node] -= 1;
                if before[node] == 0 {
                    open.push(node);
                }
            }
        }
        if done < count {
            return Err(op_error("the nodes lead in a circle"));
        }
        Ok(())
    }

    /// With a comparison for each member of a set in place of each node that tests for one.
    fn with_members(mut self, count: usize, members: &[f64]) -> Result<Self, OpError> {
        let mut sets = members.split_inclusive(|value| value.is_nan());
        for i in 0..count {
            let [kind, feature, then, otherwise] = self.nodes[i];
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
            (self.nodes[i], self.values[i]) = ([kind, feature, then, otherwise], *first);
            for member in others {
                self.nodes[last][3] = self.nodes.len() as i32;
                last = self.nodes.len();
                self.nodes.push([kind, feature, then, otherwise]);
                self.values.push(*member);
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Given, int, ints, run, tensor};
    use crate::ir::{DType, Tensor};
    use crate::proto::AttributeProto;

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
