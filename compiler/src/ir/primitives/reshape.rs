use crate::ir::{Gradient, Lowering};
use crate::ir::{Inputs, Movement, OpError, Operator, Parts, TensorType, op_error};
use crate::ir::{OverTime, Time};

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
        y.check()?;
        if x.len() != y.len() {
            return Err(op_error(format!(
                "{x} has {} elements, {y} would have {}",
                x.len(),
                y.len()
            )));
        }
        Ok(vec![y])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let x = cx.input(0);
        cx.alias(0, x);
        Ok(())
    }

    fn movement(&self, _: usize) -> Option<Movement> {
        Some(Movement::of_first())
    }

    /// A reshape keeps a dimension as it is or joins it with others.
    fn parts(&self, axis: usize, x: &[usize], y: &[usize]) -> Option<Parts> {
        let product = |dims: &[usize]| dims.iter().product::<usize>();
        let (outer, inner, count) = (product(&x[..axis]), product(&x[axis + 1..]), x[axis]);
        if x.contains(&0) {
            return None;
        }
        let whole = |to: usize| {
            let (outer_y, inner_y) = (product(&y[..to]), product(&y[to + 1..]));
            outer.is_multiple_of(outer_y) && inner.is_multiple_of(inner_y)
        };
        let to = (0..y.len()).rfind(|to| y[*to] >= count && whole(*to))?;
        let after = inner / product(&y[to + 1..]);
        Some(Parts {
            axis: to,
            pairs: (0..y[to]).map(|i| (i / after % count, i)).collect(),
        })
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let g = cx.of_output()?;
        let shape = cx.shape(cx.input(0)?);
        let gradient = cx.reshaped(g, &shape)?;
        cx.give(0, gradient)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let (axis, frames) = time.first()?;
        let (x, y) = (time.shape(0)?, &self.shape);
        let before = |shape: &[usize], axis: usize| shape[..axis].iter().product::<usize>();
        let same = |to: &usize| y[*to] == frames && before(y, *to) == before(x, axis);
        // One frame at once, of one, can be at any dimension of one.
        let only = (frames, time.frames) == (1, 1);
        let to = (0..y.len())
            .find(same)
            .or_else(|| y.iter().position(|dim| only && *dim == 1));
        if let Some(to) = to {
            let mut shape = y.clone();
            shape[to] = time.frames;
            return OverTime::frames(Self { shape }, to);
        }
        match y.iter().filter(|dim| **dim != 1).count() {
            0 | 1 => OverTime::whole(self, time),
            _ => Err("it joins time with other dimensions, or divides it".to_owned()),
        }
    }
}

/// A transpose and the reshape after it as three steps: see [`reshape_before`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReshapeBefore {
    /// A transpose that is left before the reshape.
    pub inner: Vec<usize>,
    /// The reshape.
    pub shape: Vec<usize>,
    /// The transpose after it.
    pub outer: Vec<usize>,
}

/// Splits or joins dimensions before a transpose instead of after it, so that the transpose can meet another: for a
/// tensor of `shape`, `Transpose(perm)` then `Reshape(target)` equals the steps that are given. The inner transpose is
/// the identity unless the reshape joins dimensions that are not neighbours before the transpose.
///
/// `None` where nothing would be left for the outer transpose to do.
pub fn reshape_before(shape: &[usize], perm: &[usize], target: &[usize]) -> Option<ReshapeBefore> {
    if shape.contains(&0) || target.contains(&0) {
        return None;
    }
    let groups = groups(shape, perm, target)?;
    let mut by_source: Vec<usize> = (0..groups.len()).collect();
    // Where dimensions of one element are does not matter.
    by_source.sort_by_key(|g| groups[*g].0.iter().filter(|axis| shape[**axis] != 1).min());
    let inner = by_source.iter().flat_map(|g| groups[*g].0.clone()).collect();
    let reshaped = by_source.iter().flat_map(|g| groups[*g].1.clone()).collect();
    let mut starts = vec![0; groups.len()];
    let mut next = 0;
    for g in by_source {
        starts[g] = next;
        next += groups[g].1.len();
    }
    let order = groups
        .iter()
        .enumerate()
        .flat_map(|(g, (_, to))| (0..to.len()).map(move |k| (g, k)));
    let outer: Vec<usize> = order.map(|(g, k)| starts[g] + k).collect();
    (!outer.is_sorted()).then_some(ReshapeBefore {
        inner,
        shape: reshaped,
        outer,
    })
}

/// The least groups of neighbouring dimensions that a reshape keeps apart: the source dimensions of each, and what they
/// become.
fn groups(shape: &[usize], perm: &[usize], target: &[usize]) -> Option<Vec<(Vec<usize>, Vec<usize>)>> {
    let moved: Vec<usize> = perm.iter().map(|p| shape[*p]).collect();
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
    Some(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_moves_before_the_transpose() {
        let steps = reshape_before(&[1, 7, 7, 48], &[0, 3, 1, 2], &[1, 2, 24, 7, 7]);
        let expected = ReshapeBefore {
            inner: vec![0, 1, 2, 3],
            shape: vec![1, 7, 7, 2, 24],
            outer: vec![0, 3, 4, 1, 2],
        };
        assert_eq!(steps, Some(expected));
    }

    #[test]
    fn a_channel_shuffle_keeps_its_own_transpose() {
        let steps = reshape_before(&[1, 7, 7, 2, 24], &[0, 4, 3, 1, 2], &[1, 48, 7, 7]);
        let expected = ReshapeBefore {
            inner: vec![0, 1, 2, 4, 3],
            shape: vec![1, 7, 7, 48],
            outer: vec![0, 3, 1, 2],
        };
        assert_eq!(steps, Some(expected));
    }

    #[test]
    fn a_dimension_of_one_element_is_in_nobodys_way() {
        let steps = reshape_before(&[1, 37, 1, 3, 64], &[0, 3, 1, 2, 4], &[1, 3, 37, 64]);
        let expected = ReshapeBefore {
            inner: vec![0, 1, 3, 2, 4],
            shape: vec![1, 37, 3, 64],
            outer: vec![0, 2, 1, 3],
        };
        assert_eq!(steps, Some(expected));
    }

    #[test]
    fn a_flattening_leaves_the_transpose_where_it_is() {
        assert_eq!(reshape_before(&[1, 7, 7, 48], &[0, 3, 1, 2], &[1, 2352]), None);
    }
}
