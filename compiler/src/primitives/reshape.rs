use crate::ir::{Inputs, OpError, Operator, TensorType, op_error};
use crate::lower::Lowering;

/// The same elements with another shape: never a copy.
#[derive(Clone, Debug, PartialEq)]
pub struct Reshape {
    /// The new shape.
    pub shape: Vec<usize>,
}

impl Operator for Reshape {
    fn name(&self) -> &'static str {
        "Reshape"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        let y = x.with_shape(self.shape.clone());
        if x.len() != y.len() {
            return Err(op_error(format!("{x} has {} elements, {y} would have {}", x.len(), y.len())));
        }
        Ok(vec![y])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let x = cx.input(0);
        cx.alias(0, x);
        Ok(())
    }
}

/// Splits or joins dimensions before a transpose instead of after it: for a tensor of `shape`, `Transpose(perm)` then
/// `Reshape(target)` equals `Reshape` to the first list, then `Transpose` by the second. `None` where the reshape joins
/// dimensions that the transpose brought together.
pub fn reshape_before(shape: &[usize], perm: &[usize], target: &[usize]) -> Option<(Vec<usize>, Vec<usize>)> {
    if shape.contains(&0) || target.contains(&0) {
        return None;
    }
    let moved: Vec<usize> = perm.iter().map(|p| shape[*p]).collect();
    // Groups of neighbouring dimensions with equal products: (source dimensions, dimensions after).
    let mut groups: Vec<(Vec<usize>, Vec<usize>)> = vec![];
    let (mut i, mut j) = (0, 0);
    while i < moved.len() && j < target.len() {
        let (start_i, start_j) = (i, j);
        let (mut from, mut to) = (moved[i], target[j]);
        (i, j) = (i + 1, j + 1);
        while from != to {
            if from < to {
                from *= *moved.get(i)?;
                i += 1;
            } else {
                to *= *target.get(j)?;
                j += 1;
            }
        }
        groups.push((perm[start_i..i].to_vec(), target[start_j..j].to_vec()));
    }
    // Ones that are left belong to the last group.
    let last = groups.last_mut()?;
    last.0.extend(&perm[i..]);
    last.1.extend(&target[j..]);
    for (sources, _) in &groups {
        if sources.windows(2).any(|pair| pair[1] != pair[0] + 1) {
            return None;
        }
    }
    let mut by_source: Vec<usize> = (0..groups.len()).collect();
    by_source.sort_by_key(|g| groups[*g].0[0]);
    let reshaped: Vec<usize> = by_source.iter().flat_map(|g| groups[*g].1.clone()).collect();
    let mut starts = vec![0; groups.len()];
    let mut next = 0;
    for g in by_source {
        starts[g] = next;
        next += groups[g].1.len();
    }
    let order = groups.iter().enumerate().flat_map(|(g, (_, to))| (0..to.len()).map(move |k| (g, k)));
    let perm = order.map(|(g, k)| starts[g] + k).collect();
    Some((reshaped, perm))
}
