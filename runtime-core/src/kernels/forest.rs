use super::body::{Body, plain};
use super::chunks::{rows, rows_mut};
use crate::arch::Arch;
use crate::{Number, Param, Simd};

/// Sums of what the trees of a forest give: ONNX `TreeEnsembleRegressor`, `TreeEnsembleClassifier` and `TreeEnsemble`,
/// where every comparison is `<=`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Forest {
    /// Features of a row.
    pub features: usize,
    /// Results of a row.
    pub targets: usize,
    /// Values of a leaf, for as many neighbouring targets.
    pub width: usize,
}

/// Numbers that describe a tree: its first node, what it begins with, its first leaf, its first target.
const TREE: usize = 4;
/// Numbers that describe a node: its feature, and what is next if the comparison holds and if not.
const NODE: usize = 3;
/// Marks what is next as a leaf, and the feature of a node where NaN counts as less.
const MARK: u16 = 0x8000;

/// Features, trees, nodes, what they compare with, leaves, results.
type Operands<'a, T> = (&'a [T], &'a [i32], &'a [u16], &'a [T], &'a [T], &'a mut [T]);

/// The leaf that a row of features leads to. No path visits more nodes than there are.
#[inline(always)]
fn leaf<T: Number>(x: &[T], nodes: &[u16], splits: &[T], root: u16) -> Option<usize> {
    let mut next = root;
    for _ in 0..=splits.len() {
        if next >= MARK {
            return Some((next - MARK).into());
        }
        let node = usize::from(next);
        let (&[feature, then, otherwise], split) = nodes.get(node * NODE..)?.first_chunk().zip(splits.get(node))?;
        let value = x.get(usize::from(feature % MARK))?;
        let holds = value <= split || feature >= MARK && value.is_nan();
        next = if holds { then } else { otherwise };
    }
    None
}

impl<'a, T: Number> Body<Operands<'a, T>> for Forest {
    #[inline(always)]
    fn body<A: Arch>(self, (x, trees, nodes, splits, leaves, y): Operands<'a, T>) {
        for (x, y) in rows(x, self.features).zip(rows_mut(y, self.targets)) {
            y.fill(T::ZERO);
            for tree in rows(trees, TREE) {
                let Some(&[node, root, first, target]) = tree.first_chunk() else {
                    break;
                };
                let (node, first, target) = (node as usize, first as usize, target as usize);
                let nodes = node.checked_mul(NODE).and_then(|start| nodes.get(start..));
                let Some((nodes, splits)) = nodes.zip(splits.get(node..)) else {
                    continue;
                };
                let Some(leaf) = leaf(x, nodes, splits, root as u16) else {
                    continue;
                };
                let start = leaf.wrapping_add(first).wrapping_mul(self.width);
                if let Some((values, y)) = leaves.get(start..).zip(y.get_mut(target..)) {
                    for (y, value) in y.iter_mut().zip(values).take(self.width) {
                        *y = y.add(*value);
                    }
                }
            }
        }
    }
}

/// For each row, the values of the leaves that it leads to in each tree, added to their targets.
///
/// `trees` holds four numbers per tree: its first node, what it begins with, its first leaf, and the first target of
/// its leaves. `nodes` holds three numbers per node: the feature that is compared with the node's split, and what is
/// next if it is not greater and if it is. Both count within their tree; a leaf has its highest bit set. So has the
/// feature of a node for which NaN is not greater.
#[inline(always)]
pub fn forest<P, T>(_: Simd, layer: P, x: &[T], trees: &[i32], nodes: &[u16], splits: &[T], leaves: &[T], y: &mut [T])
where
    P: Param<Forest>,
    T: Number,
{
    plain(layer.get(), (x, trees, nodes, splits, leaves, y))
}
