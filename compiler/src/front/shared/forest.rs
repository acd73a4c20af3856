//! Trees of any kind as the tables of the kernel `forest`, which has half the bytes and fewer branches: comparisons are
//! `<=`, nodes are counted in 16 bits within their tree, and equal leaves are stored once.

use super::trees::{END, EQUAL, NAN_HOLDS, Trees, VALUE, real};
use crate::front::node::NodeContext;
use crate::ir::primitives::Forest;
use crate::ir::{DType, OpError, Tensor, ValueId};
use std::collections::{HashMap, HashSet};

/// Marks a leaf, and a node for which NaN is not greater.
const MARK: u16 = 0x8000;
/// Bytes that the kernel for trees of any kind takes for a node besides its value.
const ANY_NODE_BYTES: usize = 16;

/// The tables of the kernel.
pub(super) struct Tables {
    dtype: DType,
    trees: Vec<[i32; 4]>,
    nodes: Vec<[u16; 3]>,
    splits: Vec<f64>,
    leaves: Vec<f64>,
    width: usize,
}

/// One tree: its nodes in the order of a walk that takes the first branch first, and the votes of its leaves.
struct Tree {
    root: i32,
    order: Vec<i32>,
    places: HashMap<i32, u16>,
    leaves: HashMap<i32, Vec<(i32, f64)>>,
    /// The first target that a leaf votes for, and how many follow up to the last.
    first: i32,
    span: usize,
}

/// The tables of `trees` with numbers of type `dtype`; `None` where they do not fit them, or would be larger.
pub(super) fn packed(trees: &Trees, dtype: DType) -> Option<Tables> {
    let walked: Option<Vec<Tree>> = trees.roots.iter().map(|root| walk(trees, *root)).collect();
    let walked = walked?;
    let width = walked.iter().map(|tree| tree.span).max()?.max(1);
    let mut tables = Tables {
        dtype,
        trees: vec![],
        nodes: vec![],
        splits: vec![],
        leaves: vec![],
        width,
    };
    // Leaves are shared by all trees unless they are too many to be counted in 15 bits.
    let mut shared = true;
    if tables.fill(trees, &walked, shared).is_none() {
        shared = false;
        tables.fill(trees, &walked, shared)?;
    }
    let any = trees.nodes.len() * (ANY_NODE_BYTES + dtype.size()) + trees.roots.len() * size_of::<i32>();
    (tables.bytes() < any).then_some(tables)
}

/// Follows all paths of a tree; `None` where a node is of another kind.
fn walk(trees: &Trees, root: i32) -> Option<Tree> {
    let mut tree = Tree {
        root,
        order: vec![],
        places: HashMap::new(),
        leaves: HashMap::new(),
        first: i32::MAX,
        span: 0,
    };
    let (mut open, mut end) = (vec![root], 0);
    while let Some(node) = open.pop() {
        if tree.places.contains_key(&node) || tree.leaves.contains_key(&node) {
            continue;
        }
        match branches(trees, node) {
            Some([then, otherwise]) => {
                let place = u16::try_from(tree.order.len()).ok().filter(|place| *place < MARK)?;
                tree.places.insert(node, place);
                tree.order.push(node);
                open.extend([otherwise, then]);
            }
            None => {
                let votes = votes(trees, node)?;
                for (target, _) in &votes {
                    tree.first = tree.first.min(*target);
                    end = end.max(*target + 1);
                }
                tree.leaves.insert(node, votes);
            }
        }
    }
    tree.first = tree.first.min(end);
    tree.span = (end - tree.first) as usize;
    Some(tree)
}

/// What comes after a node that compares by order; `None` for any other.
fn branches(trees: &Trees, node: i32) -> Option<[i32; 2]> {
    let [kind, _, then, otherwise] = *trees.nodes.get(usize::try_from(node).ok()?)?;
    (kind % NAN_HOLDS < EQUAL).then_some([then, otherwise])
}

/// The targets of a leaf with their values; `None` where a node is no leaf, or votes for a target twice.
fn votes(trees: &Trees, leaf: i32) -> Option<Vec<(i32, f64)>> {
    let (mut votes, mut next, mut named) = (vec![], leaf, HashSet::new());
    while next != END {
        let [kind, target, then, otherwise] = trees.nodes[next as usize];
        if kind != VALUE {
            // A leaf without a value compares nothing.
            return (kind == EQUAL && [then, otherwise] == [END, END] && votes.is_empty()).then_some(votes);
        }
        if !named.insert(target) {
            return None;
        }
        votes.push((target, trees.values[next as usize]));
        next = then;
    }
    Some(votes)
}

impl Tables {
    fn bytes(&self) -> usize {
        let numbers = self.splits.len() + self.leaves.len();
        size_of_val(&self.trees[..]) + size_of_val(&self.nodes[..]) + numbers * self.dtype.size()
    }

    /// Fills the tables; `None` where leaves are too many to be counted.
    fn fill(&mut self, trees: &Trees, walked: &[Tree], shared: bool) -> Option<()> {
        self.trees.clear();
        self.nodes.clear();
        self.splits.clear();
        self.leaves.clear();
        let mut known: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut base = 0;
        for tree in walked {
            if !shared {
                base = self.leaves.len() / self.width;
                known.clear();
            }
            // The values of a leaf all lie within the targets.
            let first = (tree.first as usize).min(trees.targets.checked_sub(self.width)?);
            let mut next = |node: i32, leaves: &mut Vec<f64>| {
                if let Some(place) = tree.places.get(&node) {
                    return Some(*place);
                }
                let mut values = vec![0.0; self.width];
                for (target, value) in tree.leaves.get(&node)? {
                    values[*target as usize - first] = *value;
                }
                let bits = values.iter().map(|value| value.to_bits()).collect();
                let leaf = *known.entry(bits).or_insert_with(|| {
                    leaves.extend(values);
                    leaves.len() / self.width - 1
                });
                u16::try_from(leaf - base)
                    .ok()
                    .filter(|leaf| *leaf < MARK)
                    .map(|leaf| leaf | MARK)
            };
            let root = next(tree.root, &mut self.leaves)?;
            let start = i32::try_from(self.nodes.len()).ok()?;
            for node in &tree.order {
                let (word, split, then, otherwise) = ordered(trees, *node as usize, self.dtype)?;
                let after = [next(then, &mut self.leaves)?, next(otherwise, &mut self.leaves)?];
                self.nodes.push([word, after[0], after[1]]);
                self.splits.push(split);
            }
            self.trees
                .push([start, root.into(), i32::try_from(base).ok()?, first as i32]);
        }
        Some(())
    }

    /// The sums of what the rows of `x` lead to.
    pub(super) fn add(&self, cx: &mut NodeContext<'_>, x: ValueId, targets: usize) -> Result<ValueId, OpError> {
        let nodes = self.nodes.as_flattened().iter().flat_map(|number| number.to_le_bytes());
        let constants = [
            Tensor::i32(&[self.trees.len(), 4], self.trees.as_flattened()),
            Tensor::new(DType::U16, vec![self.nodes.len(), 3], nodes.collect()),
            real(self.dtype, &self.splits),
            real(self.dtype, &self.leaves),
        ];
        let [trees, nodes, splits, leaves] = constants.map(|table| cx.add_constant(table));
        let width = self.width;
        cx.add(Forest { targets, width }, &[x, trees, nodes, splits, leaves])
    }
}

/// A comparison as one by `<=`: the feature with its mark, the split, and what is next. `None` where no split says the
/// same.
fn ordered(trees: &Trees, node: usize, dtype: DType) -> Option<(u16, f64, i32, i32)> {
    let ([kind, feature, then, otherwise], split) = (trees.nodes[node], trees.values[node]);
    let nan_holds = kind >= NAN_HOLDS;
    // `>` and `>=` are `<=` and `<` the other way round, for NaN too.
    let turned = matches!(kind % NAN_HOLDS, 2 | 3);
    let strict = matches!(kind % NAN_HOLDS, 1 | 2);
    let split = rounded(split, dtype);
    if split.is_nan() || strict && split == f64::NEG_INFINITY {
        return None;
    }
    let split = match (strict, dtype) {
        (false, _) => split,
        (true, DType::F64) => split.next_down(),
        (true, _) => (split as f32).next_down().into(),
    };
    let word = u16::try_from(feature).ok().filter(|feature| *feature < MARK)?;
    let mark = if nan_holds != turned { MARK } else { 0 };
    let (then, otherwise) = if turned { (otherwise, then) } else { (then, otherwise) };
    Some((word | mark, split, then, otherwise))
}

/// A number as the kernel has it.
fn rounded(value: f64, dtype: DType) -> f64 {
    if dtype == DType::F64 {
        value
    } else {
        f64::from(value as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::{MARK, packed};
    use crate::front::shared::trees::{END, Trees, VALUE};
    use crate::ir::DType;

    /// A node that compares feature 3 with `split`, and leaves of 1 and 2.
    fn one(kind: i32, split: f64) -> Trees {
        Trees {
            roots: vec![0; 9],
            nodes: vec![[kind, 3, 1, 2], [VALUE, 0, END, END], [VALUE, 0, END, END]],
            values: vec![split, 1.0, 2.0],
            targets: 1,
        }
    }

    #[test]
    fn every_order_is_one_comparison() {
        // `NaN` follows the mark, so that turned comparisons have it where others do not.
        let node = |kind, split| {
            let mut trees = one(kind, split);
            trees.roots.truncate(1);
            // Room for the table of the tree, so that it is not the larger one.
            trees.nodes.extend([[VALUE, 0, END, END]; 9]);
            let tables = packed(&trees, DType::F32)?;
            Some((tables.nodes[0][0], tables.splits[0] as f32, tables.leaves.clone()))
        };
        let below = 0.5f32.next_down();
        let (straight, turned) = (vec![1.0, 2.0], vec![2.0, 1.0]);
        assert_eq!(node(0, 0.5), Some((3, 0.5, straight.clone())));
        assert_eq!(node(1, 0.5), Some((3, below, straight.clone())));
        assert_eq!(node(2, 0.5), Some((3 | MARK, below, turned.clone())));
        assert_eq!(node(3, 0.5), Some((3 | MARK, 0.5, turned.clone())));
        assert_eq!(node(8, 0.5), Some((3 | MARK, 0.5, straight)));
        assert_eq!(node(10, 0.5), Some((3, below, turned)));
        assert_eq!(node(4, 0.5), None);
        assert_eq!(node(0, f64::NAN), None);
        assert_eq!(node(1, f64::NEG_INFINITY), None);
    }

    #[test]
    fn equal_leaves_are_one() {
        let tables = packed(&one(0, 0.5), DType::F32);
        // Nine roots on three nodes are more bytes apart than together.
        assert!(tables.is_none());
        let mut trees = one(0, 0.5);
        for _ in 1..9 {
            let shift = trees.nodes.len() as i32;
            trees
                .nodes
                .extend([[0, 3, shift + 1, shift + 2], [VALUE, 0, END, END], [VALUE, 0, END, END]]);
            trees.values.extend([0.5, 1.0, 2.0]);
        }
        trees.roots = (0..9).map(|tree| tree * 3).collect();
        let tables = packed(&trees, DType::F32);
        assert_eq!(
            tables.map(|t| (t.leaves, t.nodes.len(), t.width)),
            Some((vec![1.0, 2.0], 9, 1))
        );
    }
}
