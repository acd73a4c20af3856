//! Decision trees, whatever operator's attributes they come from.

use super::forest;
use super::normalization::cast;
use crate::front::node::NodeContext;
use crate::ir::primitives::{Binary, BinaryOp, ReduceOp, TreeEnsemble};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};
use std::collections::HashMap;

/// The node kinds of the kernel: six comparisons, of which one is for equality, and a value for a target.
pub(in crate::front) const EQUAL: i32 = 4;
pub(in crate::front) const VALUE: i32 = 6;
/// Added to the kind of a comparison that holds for NaN.
pub(in crate::front) const NAN_HOLDS: i32 = 8;
/// What comes after the end of a path.
pub(in crate::front) const END: i32 = -1;

/// The tables of the kernel.
pub(in crate::front) struct Trees {
    /// What each tree begins with.
    pub roots: Vec<i32>,
    /// Kind, feature or target, and what comes next.
    pub nodes: Vec<[i32; 4]>,
    /// What each node compares with, or its value.
    pub values: Vec<f64>,
    /// Results of a row.
    pub targets: usize,
}

/// Whether the paths of a row give a target a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::front) enum Presence {
    Always,
    Sometimes,
    Never,
}

/// How the values of a target are combined.
pub(in crate::front) struct Aggregate {
    /// How values are combined.
    pub op: ReduceOp,
    /// Whether results are divided by the number of trees.
    pub average: bool,
    /// Added to each result; empty for nothing.
    pub base: Vec<f64>,
}

/// An attribute of numbers that are not negative; empty if it is not given.
pub(in crate::front) fn ints(cx: &mut NodeContext<'_>, name: &'static str) -> Result<Vec<i32>, OpError> {
    let values = cx.attributes.ints(name)?.unwrap_or_default();
    let fits = |value: &i64| i32::try_from(*value).ok().filter(|value| *value >= 0);
    let values: Option<Vec<i32>> = values.iter().map(fits).collect();
    values.ok_or_else(|| {
        op_error(format!(
            "attribute `{name}` holds a number that is negative or too large"
        ))
    })
}

/// An attribute of a tensor; empty if it is not given.
pub(in crate::front) fn numbers(cx: &mut NodeContext<'_>, name: &'static str) -> Result<Vec<f64>, OpError> {
    let tensor = cx.attributes.tensor(name)?;
    Ok(tensor.map(|tensor| tensor.to_f64()).unwrap_or_default())
}

impl Trees {
    /// An error unless every root, node, and target exists and every path ends.
    pub(in crate::front) fn check(&self) -> Result<(), OpError> {
        let count = self.nodes.len();
        let exists = |node: &i32| *node == END || (*node as usize) < count;
        let next = |node: usize| self.nodes[node][2..].iter().filter(|n| **n != END).map(|n| *n as usize);
        let target = |node: &[i32; 4]| node[0] != VALUE || (node[1] as usize) < self.targets;
        let all = self.roots.iter().all(exists) && self.nodes.iter().all(|n| n[2..].iter().all(exists) && target(n));
        if !all || self.roots.is_empty() {
            return Err(op_error("a root, a node or a target does not exist"));
        }
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

    /// What the rows of input 0 lead to, in the element type `computed`.
    pub(in crate::front) fn add(
        &self,
        cx: &mut NodeContext<'_>,
        computed: DType,
        aggregate: &Aggregate,
    ) -> Result<ValueId, OpError> {
        let (x, ty) = (cx.input(0)?, cx.ty(0)?);
        let features = self
            .nodes
            .iter()
            .filter(|node| node[0] != VALUE)
            .map(|node| node[1] as usize + 1);
        let features = features.max().unwrap_or(0);
        if ty.rank() != 2 || ty.shape[1] < features {
            return Err(op_error(format!(
                "the input is {ty}, the trees ask for {features} features"
            )));
        }
        let x = cast(cx, x, computed)?;
        let count = cx.scalar(computed, self.roots.len() as f64);
        let mut y = match forest::packed(self, computed).filter(|_| aggregate.op == ReduceOp::Sum) {
            Some(forest) => forest.add(cx, x, self.targets)?,
            None => self.add_any(cx, x, aggregate.op)?,
        };

        if aggregate.average {
            y = cx.add(Binary::from(BinaryOp::Div), &[y, count])?;
        }
        if !aggregate.base.is_empty() {
            let base = cx.add_constant(real(computed, &aggregate.base));
            y = cx.add(Binary::from(BinaryOp::Add), &[y, base])?;
        }
        Ok(y)
    }

    /// For each target whether the paths of a row give it a value.
    pub(in crate::front) fn presence(&self) -> Vec<Presence> {
        // From the ends of paths on: the targets that all paths from a node have. Of a leaf its first node stands for
        // all.
        let none = vec![false; self.targets];
        let mut surely: HashMap<i32, Vec<bool>> = HashMap::from([(END, none)]);
        for root in &self.roots {
            let mut open = vec![*root];
            while let Some(&node) = open.last() {
                let (own, after) = self.step(node);
                let waiting: Vec<i32> = after.into_iter().filter(|next| !surely.contains_key(next)).collect();
                if surely.contains_key(&node) || waiting.is_empty() {
                    open.pop();
                    let both = surely[&after[0]].iter().zip(&surely[&after[1]]);
                    let mut targets: Vec<bool> = both.map(|(a, b)| *a && *b).collect();
                    own.into_iter().for_each(|target| targets[target] = true);
                    surely.entry(node).or_insert(targets);
                } else {
                    open.extend(waiting);
                }
            }
        }
        let mut named = vec![false; self.targets];
        let votes = self.nodes.iter().filter(|node| node[0] == VALUE);
        votes.for_each(|vote| named[vote[1] as usize] = true);
        let presence = |(target, named): (usize, bool)| match named {
            _ if self.roots.iter().any(|root| surely[root][target]) => Presence::Always,
            true => Presence::Sometimes,
            false => Presence::Never,
        };
        named.into_iter().enumerate().map(presence).collect()
    }

    /// The targets that a node and the values behind it stand for, and the nodes that come after them.
    fn step(&self, node: i32) -> (Vec<usize>, [i32; 2]) {
        let (mut own, mut next) = (vec![], node);
        while next != END {
            let [kind, target, then, otherwise] = self.nodes[next as usize];
            if kind != VALUE {
                return (own, if next == node { [then, otherwise] } else { [next, next] });
            }
            own.push(target as usize);
            next = then;
        }
        (own, [END, END])
    }

    /// Whether no leaf has a negative value.
    pub(in crate::front) fn votes_are_positive(&self) -> bool {
        let mut values = self.nodes.iter().zip(&self.values);
        values.all(|(node, value)| node[0] != VALUE || *value >= 0.0)
    }

    /// For each row and target, 1 where its paths give the target a value, else 0.
    pub(in crate::front) fn votes(&self, cx: &mut NodeContext<'_>, computed: DType) -> Result<ValueId, OpError> {
        let ones = self.nodes.iter().zip(&self.values);
        let ones = ones.map(|(node, value)| if node[0] == VALUE { 1.0 } else { *value });
        let votes = Self {
            roots: self.roots.clone(),
            nodes: self.nodes.clone(),
            values: ones.collect(),
            targets: self.targets,
        };
        let x = cx.input(0)?;
        let x = cast(cx, x, computed)?;
        votes.add_any(cx, x, ReduceOp::Max)
    }

    /// By the kernel for trees of any kind, in the element type of `x`.
    fn add_any(&self, cx: &mut NodeContext<'_>, x: ValueId, op: ReduceOp) -> Result<ValueId, OpError> {
        let roots = cx.add_constant(Tensor::i32(&[self.roots.len()], &self.roots));
        let nodes = cx.add_constant(Tensor::i32(&[self.nodes.len(), 4], self.nodes.as_flattened()));
        let values = cx.add_constant(real(cx.value_ty(x).dtype, &self.values));
        let targets = self.targets;
        cx.add(TreeEnsemble { targets, op }, &[x, roots, nodes, values])
    }
}

/// Numbers in a float type.
pub(in crate::front) fn real(dtype: DType, values: &[f64]) -> Tensor {
    let bytes = values
        .iter()
        .flat_map(|value| Tensor::scalar(dtype, *value).bytes.to_vec());
    Tensor::new(dtype, vec![values.len()], bytes.collect())
}
