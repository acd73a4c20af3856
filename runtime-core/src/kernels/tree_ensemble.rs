use super::body::{Body, plain};
use super::chunks::{rows, rows_mut};
use super::reduce_op::ReduceOp;
use crate::arch::Arch;
use crate::{Number, Param, Simd};

/// What rows of features lead to in decision trees: ONNX `TreeEnsemble`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TreeEnsemble<Op> {
    /// Features of a row.
    pub features: usize,
    /// Results of a row.
    pub targets: usize,
    /// How the values of a target are combined: [`Sum`](super::Sum), [`Min`](super::Min) or [`Max`](super::Max).
    pub op: Op,
}

/// Numbers that describe a node.
const NODE: usize = 4;
/// The kind of a node that gives a target its value.
const VALUE: i32 = 6;
/// Added to the kind of a comparison that holds for NaN.
const NAN_HOLDS: i32 = 8;

/// Features, roots, nodes, their values, results.
type Operands<'a, T> = (&'a [T], &'a [i32], &'a [i32], &'a [T], &'a mut [T]);

#[inline(always)]
fn holds<T: Number>(kind: i32, x: T, split: T) -> bool {
    let holds = match kind % NAN_HOLDS {
        0 => x <= split,
        1 => x < split,
        2 => x >= split,
        3 => x > split,
        4 => x == split,
        _ => x != split,
    };
    holds || kind >= NAN_HOLDS && x.is_nan()
}

impl<'a, T: Number, Op: ReduceOp<T>> Body<Operands<'a, T>> for TreeEnsemble<Op> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, roots, nodes, values, y): Operands<'a, T>) {
        for (x, y) in rows(x, self.features).zip(rows_mut(y, self.targets)) {
            y.fill(self.op.start());
            for root in roots {
                let mut next = *root;
                // No path is longer than all nodes.
                for _ in values {
                    let Ok(node) = usize::try_from(next) else { break };
                    let start = node.wrapping_mul(NODE);
                    let node = nodes.get(start..).and_then(|n| n.first_chunk()).zip(values.get(node));
                    let Some((&[kind, number, then, otherwise], value)) = node else {
                        break;
                    };
                    let number = number as usize;
                    next = if kind == VALUE {
                        if let Some(y) = y.get_mut(number) {
                            *y = self.op.combine(*y, *value);
                        }
                        then
                    } else if x.get(number).is_some_and(|x| holds(kind, *x, *value)) {
                        then
                    } else {
                        otherwise
                    };
                }
            }
            // Targets that no path came to.
            for y in y.iter_mut().filter(|y| **y == self.op.start()) {
                *y = T::ZERO;
            }
        }
    }
}

/// For each row, the values that it meets from each of `roots` on, combined by target; zero where there are
/// none.
///
/// `nodes` holds four numbers per node. Kinds 0 to 5 compare a feature with the node's value by `<=`, `<`, `>=`, `>`,
/// `==` and `!=`, with 8 more where that shall hold for NaN; then come the feature and the nodes that are next if it
/// holds and if not. Kind 6 gives a target the node's value; then come the target and the next node. The path ends at a
/// negative number.
#[inline(always)]
pub fn tree_ensemble<P, T, Op>(_: Simd, layer: P, x: &[T], roots: &[i32], nodes: &[i32], values: &[T], y: &mut [T])
where
    P: Param<TreeEnsemble<Op>>,
    T: Number,
    Op: ReduceOp<T>,
{
    plain(layer.get(), (x, roots, nodes, values, y))
}
