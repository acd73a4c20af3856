//! Decision trees, whatever operator's attributes they come from.

use super::normalization::cast;
use crate::front::node::NodeContext;
use crate::ir::primitives::{Binary, BinaryOp, Map, ReduceOp, Softmax, TreeEnsemble};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};
use runtime_core::function::Sigmoid;

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

/// How the values of a target are combined, and what is applied to the results.
pub(in crate::front) struct Aggregate {
    /// How values are combined.
    pub op: ReduceOp,
    /// Whether results are divided by the number of trees.
    pub average: bool,
    /// Added to each result; empty for nothing.
    pub base: Vec<f64>,
    /// Applied to the results.
    pub transform: Transform,
}

/// Applied to the results of each row.
#[derive(Clone, Copy)]
pub(in crate::front) enum Transform {
    None,
    Softmax,
    Logistic,
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
        self,
        cx: &mut NodeContext<'_>,
        computed: DType,
        aggregate: Aggregate,
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
        let tensor = |values: &[f64]| {
            let bytes = values
                .iter()
                .flat_map(|value| Tensor::scalar(computed, *value).bytes.to_vec());
            Tensor::new(computed, vec![values.len()], bytes.collect())
        };
        let count = cx.scalar(computed, self.roots.len() as f64);
        let roots = cx.add_constant(Tensor::i32(&[self.roots.len()], &self.roots));
        let nodes = cx.add_constant(Tensor::i32(&[self.nodes.len(), 4], self.nodes.as_flattened()));
        let values = cx.add_constant(tensor(&self.values));
        let x = cast(cx, x, computed)?;
        let ensemble = TreeEnsemble {
            targets: self.targets,
            op: aggregate.op,
        };
        let mut y = cx.add(ensemble, &[x, roots, nodes, values])?;
        if aggregate.average {
            y = cx.add(Binary::from(BinaryOp::Div), &[y, count])?;
        }
        if !aggregate.base.is_empty() {
            let base = cx.add_constant(tensor(&aggregate.base));
            y = cx.add(Binary::from(BinaryOp::Add), &[y, base])?;
        }
        let logistic = Map {
            function: Sigmoid.into(),
        };
        match aggregate.transform {
            Transform::None => Ok(y),
            Transform::Softmax => cx.add(Softmax { axis: 1, log: false }, &[y]),
            Transform::Logistic => cx.add(logistic, &[y]),
        }
    }
}
