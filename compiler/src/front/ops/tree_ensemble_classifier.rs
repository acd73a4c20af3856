use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::{binary, map, part, with_number};
use crate::front::shared::labels::{classes, labels};
use crate::front::shared::normalization::cast;
use crate::front::shared::scores::{Second, Transform, above, greatest};
use crate::front::shared::tree_attributes::{CLASSES, floats, trees};
use crate::front::shared::trees::{Aggregate, Presence, Trees, real};
use crate::ir::primitives::{BinaryOp, Concat, ReduceOp, Select};
use crate::ir::{Classes, DType, OpError, Tensor, ValueId, op_error};
use runtime_core::function::Neg;

/// The class that decision trees vote for, and the sums of the votes, transformed. Opset 3 added attributes of doubles.
pub(super) const TREE_ENSEMBLE_CLASSIFIER: OperatorDef = OperatorDef {
    name: "TreeEnsembleClassifier",
    domain: Domain::Ml,
    versions: &[1, 3, 5],
    limits: "names of classes are a table in the emitted file; no `PROBIT` of one score for two classes",
    read: |cx| {
        let transform = Transform::read(cx)?;
        let classes = classes(cx, "classlabels_int64s", "classlabels_strings")?;
        let dtype = cx.ty(0)?.dtype;
        if ![DType::F32, DType::F64, DType::I32, DType::I64].contains(&dtype) {
            return Err(op_error(format!("features are {dtype}")).help("supported: float32, float64, int32, int64"));
        }
        let base = floats(cx, "base_values", "base_values_as_tensor")?;
        let trees = trees(cx, &CLASSES, Some(classes.len()))?;
        if classes.len() < 2 || (base.len() > 2 || classes.len() > 2) && ![0, classes.len()].contains(&base.len()) {
            let message = format!("{} base values are given for {} classes", base.len(), classes.len());
            return Err(op_error(message).help("supported: 2 classes or more, with as many base values, or none"));
        }
        let computed = if dtype == DType::F32 { dtype } else { DType::F64 };
        let forest = Forest {
            presence: trees.presence(),
            sums: trees.add(cx, computed, &SUMS)?,
            trees,
            base,
        };
        let (label, scores, second) = match classes.len() {
            2 => forest.two(cx, &classes)?,
            _ => forest.many(cx, &classes)?,
        };
        let scores = cast(cx, scores, DType::F32)?;
        let y = transform.of_scores(cx, scores, second)?;
        Ok(vec![label, y])
    },
};

const SUMS: Aggregate = Aggregate {
    op: ReduceOp::Sum,
    average: false,
    base: vec![],
};

struct Forest {
    trees: Trees,
    /// Which classes the leaves vote for.
    presence: Vec<Presence>,
    /// The sums of votes, `[rows, classes]`.
    sums: ValueId,
    base: Vec<f64>,
}

impl Forest {
    /// Label and scores of three classes or more.
    fn many(&self, cx: &mut NodeContext<'_>, classes: &Classes) -> Result<(ValueId, ValueId, Second), OpError> {
        let dtype = cx.value_ty(self.sums).dtype;
        let mut scores = self.sums;
        if !self.base.is_empty() {
            let base = cx.add_constant(real(dtype, &self.base));
            scores = binary(cx, BinaryOp::Add, scores, base)?;
        }
        // A class without a vote is not chosen, even if all others have negative sums.
        let mut compared = scores;
        if self.base.is_empty() && self.presence.iter().any(|presence| *presence != Presence::Always) {
            let voted = if self.presence.contains(&Presence::Sometimes) {
                let votes = self.trees.votes(cx, dtype)?;
                with_number(cx, BinaryOp::Greater, votes, 0.0)?
            } else {
                let always = self
                    .presence
                    .iter()
                    .map(|presence| u8::from(*presence == Presence::Always));
                cx.add_constant(Tensor::new(DType::Bool, vec![self.presence.len()], always.collect()))
            };
            let least = cx.scalar(dtype, f64::NEG_INFINITY);
            compared = cx.add(Select, &[voted, scores, least])?;
        }
        let place = greatest(cx, compared)?;
        Ok((labels(cx, place, classes)?, scores, Second::None))
    }

    /// Label and scores of two classes, for which ONNX Runtime has rules of its own: they depend on which of the two
    /// the leaves vote for, and on how many base values there are.
    fn two(&self, cx: &mut NodeContext<'_>, classes: &Classes) -> Result<(ValueId, ValueId, Second), OpError> {
        let [first, second] = [0, 1].map(|class| part(cx, self.sums, 1, class, 1));
        let (first, second) = (first?, second?);
        let (label, first, second) = match (self.presence[0], self.presence[1]) {
            (Presence::Always, Presence::Never) => {
                let base = self.base.first().copied().unwrap_or(0.0);
                let score = with_number(cx, BinaryOp::Add, first, base)?;
                let label = self.bounded(cx, score, classes)?;
                if self.base.len() == 2 {
                    // No tree votes for the second class, so that its sum is zero.
                    let both = cx.add(Concat { axis: 1 }, &[score, second])?;
                    return Ok((label, both, Second::None));
                }
                let second = if self.trees.votes_are_positive() {
                    Second::Share
                } else {
                    Second::Sign
                };
                return Ok((label, score, second));
            }
            (others @ (Presence::Always | Presence::Never), Presence::Always) => {
                let (first, score) = match self.base[..] {
                    [] => (first, second),
                    [base] if others == Presence::Always => (with_number(cx, BinaryOp::Add, first, base)?, second),
                    [_] => (first, second),
                    [_, base, ..] => {
                        let score = with_number(cx, BinaryOp::Add, first, base)?;
                        let opposite = match others {
                            Presence::Always => map(cx, Neg, score)?,
                            _ => first,
                        };
                        (opposite, score)
                    }
                };
                let label = if others == Presence::Never {
                    self.bounded(cx, score, classes)?
                } else {
                    self.plain(cx, score, classes)?
                };
                (label, first, score)
            }
            _ => {
                return Err(op_error("some leaves vote for a class of two and others do not").help(
                    "ONNX Runtime's results differ in form there: give every leaf a vote for the same class, or for both",
                ));
            }
        };
        let both = cx.add(Concat { axis: 1 }, &[first, second])?;
        Ok((label, both, Second::None))
    }

    /// The second class where the only score is above its bound.
    fn bounded(&self, cx: &mut NodeContext<'_>, score: ValueId, classes: &Classes) -> Result<ValueId, OpError> {
        let bound = if self.trees.votes_are_positive() { 0.5 } else { 0.0 };
        let place = above(cx, score, bound)?;
        labels(cx, place, classes)
    }

    /// The second class where its score is positive; classes that are numbers are 0 and 1 then, whatever they are
    /// called.
    fn plain(&self, cx: &mut NodeContext<'_>, score: ValueId, classes: &Classes) -> Result<ValueId, OpError> {
        let place = above(cx, score, 0.0)?;
        match classes {
            Classes::Numbers(_) => Ok(place),
            Classes::Names(_) => labels(cx, place, classes),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::front::proto::AttributeProto;
    use crate::front::testing::{Given, floats, ints, run, text, texts};
    use crate::ir::Tensor;

    /// One tree: `x <= 0` leads to the first leaf, else to the second; votes are (leaf, class, weight).
    fn tree(classes: AttributeProto, votes: &[(i64, i64, f32)]) -> Vec<AttributeProto> {
        let of = |value: fn(&(i64, i64, f32)) -> i64| votes.iter().map(value).collect::<Vec<_>>();
        vec![
            classes,
            ints("nodes_treeids", &[0; 3]),
            ints("nodes_nodeids", &[0, 1, 2]),
            ints("nodes_featureids", &[0; 3]),
            texts("nodes_modes", &["BRANCH_LEQ", "LEAF", "LEAF"]),
            floats("nodes_values", &[0.0; 3]),
            ints("nodes_truenodeids", &[1, 0, 0]),
            ints("nodes_falsenodeids", &[2, 0, 0]),
            ints("class_treeids", &vec![0; votes.len()]),
            ints("class_nodeids", &of(|vote| vote.0)),
            ints("class_ids", &of(|vote| vote.1)),
            floats("class_weights", &votes.iter().map(|vote| vote.2).collect::<Vec<_>>()),
        ]
    }

    fn results(attributes: &[AttributeProto]) -> Result<(Vec<i64>, Vec<f64>), String> {
        let x = Given(Tensor::f32(&[2, 1], &[-1.0, 1.0]));
        let y = run(3, "TreeEnsembleClassifier", attributes, &[x], 2)?;
        Ok((y[0].to_i64().unwrap_or_default(), y[1].to_f64()))
    }

    /// The results of ONNX Runtime 1.32 for two classes, 5 and 7.
    #[test]
    fn rules_for_two_classes() {
        let two = |votes: &[(i64, i64, f32)], base: &[f32]| {
            let mut attributes = tree(ints("classlabels_int64s", &[5, 7]), votes);
            attributes.push(floats("base_values", base));
            results(&attributes)
        };
        let first = [(1, 0, 0.25), (2, 0, 0.75)];
        assert_eq!(two(&first, &[]), Ok((vec![5, 7], vec![0.75, 0.25, 0.25, 0.75])));
        assert_eq!(
            two(&first, &[0.125]),
            Ok((vec![5, 7], vec![0.625, 0.375, 0.125, 0.875]))
        );
        assert_eq!(
            two(&first, &[0.125, 0.5]),
            Ok((vec![5, 7], vec![0.375, 0.0, 0.875, 0.0]))
        );
        let mixed = [(1, 0, -0.25), (2, 0, 0.75)];
        assert_eq!(two(&mixed, &[]), Ok((vec![5, 7], vec![0.25, -0.25, -0.75, 0.75])));
        let second = [(1, 1, 0.25), (2, 1, 0.75)];
        assert_eq!(two(&second, &[]), Ok((vec![5, 7], vec![0.0, 0.25, 0.0, 0.75])));
        assert_eq!(two(&second, &[0.125]), Ok((vec![5, 7], vec![0.0, 0.25, 0.0, 0.75])));
        assert_eq!(
            two(&second, &[0.125, 0.25]),
            Ok((vec![5, 5], vec![0.0, 0.25, 0.0, 0.25]))
        );
        let both = [(1, 0, 0.25), (1, 1, 0.75), (2, 0, 0.75), (2, 1, 0.25)];
        assert_eq!(two(&both, &[]), Ok((vec![1, 1], vec![0.25, 0.75, 0.75, 0.25])));
        assert_eq!(two(&both, &[0.125]), Ok((vec![1, 1], vec![0.375, 0.75, 0.875, 0.25])));
        assert_eq!(two(&both, &[0.125, 0.25]), Ok((vec![1, 1], vec![-0.5, 0.5, -1.0, 1.0])));
        assert!(two(&both[..3], &[]).is_err_and(|e| e.contains("some leaves vote")));
        assert!(two(&both, &[0.0; 3]).is_err_and(|e| e.contains("3 base values")));
    }

    #[test]
    fn a_class_without_votes_is_not_chosen() {
        let names = texts("classlabels_strings", &["a", "b", "c"]);
        let votes = [(1, 1, -2.0), (1, 2, -1.0), (2, 0, -4.0), (2, 1, -3.0)];
        let chosen = results(&tree(names.clone(), &votes)).map(|(labels, _)| labels);
        assert_eq!(chosen, Ok(vec![2, 1]));
        let mut based = tree(names, &votes);
        based.push(floats("base_values", &[0.5, 0.0, 0.0]));
        based.push(text("post_transform", "NONE"));
        let expected = vec![0.5, -2.0, -1.0, -3.5, -3.0, 0.0];
        assert_eq!(results(&based), Ok((vec![0, 2], expected)));
    }
}
