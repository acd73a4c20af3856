//! Contractions of tensors with labelled dimensions: transposes, sums, and matrix products as the inner step.

use super::compose::{binary, reduce, transposed};
use super::equation::Label;
use super::normalization::reshaped;
use crate::front::node::NodeContext;
use crate::ir::primitives::{BinaryOp, MatMul, ReduceOp, Slice};
use crate::ir::{OpError, ValueId, op_error};

/// More operands than this are contracted in the order in which they are given.
const MAX_ORDERED: usize = 16;

/// A tensor and what its dimensions are called.
#[derive(Clone)]
pub(in crate::front) struct Term {
    pub(in crate::front) value: ValueId,
    pub(in crate::front) labels: Vec<Label>,
}

impl Term {
    fn size(&self, cx: &NodeContext<'_>, label: Label) -> usize {
        let place = self.labels.iter().position(|l| *l == label);
        place.map_or(1, |place| cx.value_ty(self.value).shape[place])
    }
}

/// The product of all terms, with the dimensions `output`.
pub(in crate::front) fn contract(
    cx: &mut NodeContext<'_>,
    mut terms: Vec<Term>,
    output: &[Label],
) -> Result<ValueId, OpError> {
    check_sizes(cx, &terms)?;
    for term in &mut terms {
        let distinct = diagonal(cx, term.clone())?;
        *term = squeezed(cx, distinct)?;
    }
    while terms.len() > 1 {
        let (i, j) = if terms.len() > MAX_ORDERED {
            (0, 1)
        } else {
            cheapest(cx, &terms)
        };
        let b = terms.remove(j);
        let a = terms.remove(i);
        let kept = |label: &Label| output.contains(label) || terms.iter().any(|t| t.labels.contains(label));
        let product = product(cx, a, b, &kept)?;
        terms.insert(0, product);
    }
    let last = terms.pop().ok_or_else(|| op_error("there are no operands"))?;
    let last = summed(cx, last, &|label| output.contains(label))?;
    arranged(cx, &last, output)
}

/// A label has one size, or one and 1, which broadcasts.
fn check_sizes(cx: &NodeContext<'_>, terms: &[Term]) -> Result<(), OpError> {
    let sized = || {
        terms
            .iter()
            .flat_map(|t| t.labels.iter().zip(&cx.value_ty(t.value).shape))
    };
    for (label, size) in sized().filter(|(_, size)| **size != 1) {
        if let Some((_, other)) = sized().find(|(l, other)| *l == label && **other != 1 && *other != size) {
            return Err(op_error(format!(
                "{label:?} stands for {size} and for {other} elements"
            )));
        }
    }
    Ok(())
}

/// The pair with the fewest products.
fn cheapest(cx: &NodeContext<'_>, terms: &[Term]) -> (usize, usize) {
    let cost = |a: &Term, b: &Term| {
        let others = b.labels.iter().filter(|label| !a.labels.contains(label));
        let sizes = a
            .labels
            .iter()
            .chain(others)
            .map(|l| a.size(cx, *l).max(b.size(cx, *l)));
        sizes.fold(1usize, usize::saturating_mul)
    };
    let pairs = (0..terms.len()).flat_map(|i| (i + 1..terms.len()).map(move |j| (i, j)));
    pairs
        .min_by_key(|(i, j)| cost(&terms[*i], &terms[*j]))
        .unwrap_or((0, 1))
}

/// Keeps the elements whose indices of equal labels are equal.
fn diagonal(cx: &mut NodeContext<'_>, mut term: Term) -> Result<Term, OpError> {
    loop {
        let labels = term.labels.clone();
        let repeated = labels
            .iter()
            .enumerate()
            .find(|(i, label)| labels[..*i].contains(label));
        let Some((second, label)) = repeated else {
            return Ok(term);
        };
        let first = labels.iter().position(|l| l == label).unwrap_or(second);
        let shape = cx.value_ty(term.value).shape.clone();
        let size = shape[first];
        if size != shape[second] {
            return Err(op_error(format!(
                "{label:?} stands for {size} and {} elements of one operand",
                shape[second]
            )));
        }
        let rest = (0..labels.len()).filter(|i| *i != first && *i != second);
        let perm: Vec<usize> = rest.chain([first, second]).collect();
        let outer: Vec<usize> = perm[..perm.len() - 2].iter().map(|i| shape[*i]).collect();
        let x = transposed(cx, term.value, perm.clone())?;
        // A square row by row: the diagonal is every (size + 1)-th element.
        let rows: usize = outer.iter().product();
        let square = reshaped(cx, x, &[rows, size * size])?;
        let steps = Slice {
            starts: vec![0, 0],
            steps: vec![1, size as isize + 1],
            lens: vec![rows, size],
        };
        let value = cx.add(steps, &[square])?;
        let value = reshaped(cx, value, &[&outer[..], &[size]].concat())?;
        let labels = perm[..perm.len() - 1].iter().map(|i| labels[*i]).collect();
        term = Term { value, labels };
    }
}

/// Drops the dimensions of one element, which broadcast.
fn squeezed(cx: &mut NodeContext<'_>, term: Term) -> Result<Term, OpError> {
    let shape = cx.value_ty(term.value).shape.clone();
    let kept = || shape.iter().zip(&term.labels).filter(|(size, _)| **size != 1);
    let sizes: Vec<usize> = kept().map(|(size, _)| *size).collect();
    let labels = kept().map(|(_, label)| *label).collect();
    let value = reshaped(cx, term.value, &sizes)?;
    Ok(Term { value, labels })
}

/// Sums over the dimensions that are not kept.
fn summed(cx: &mut NodeContext<'_>, term: Term, kept: &dyn Fn(&Label) -> bool) -> Result<Term, OpError> {
    let axes: Vec<usize> = (0..term.labels.len()).filter(|i| !kept(&term.labels[*i])).collect();
    if axes.is_empty() {
        return Ok(term);
    }
    let value = reduce(cx, ReduceOp::Sum, term.value, axes)?;
    let labels: Vec<Label> = term.labels.iter().copied().filter(kept).collect();
    let sizes: Vec<usize> = labels.iter().map(|label| term.size(cx, *label)).collect();
    let value = reshaped(cx, value, &sizes)?;
    Ok(Term { value, labels })
}

/// The product of two terms, summed over what both have and is not kept.
fn product(cx: &mut NodeContext<'_>, a: Term, b: Term, kept: &dyn Fn(&Label) -> bool) -> Result<Term, OpError> {
    let a = summed(cx, a, &|label| kept(label) || b.labels.contains(label))?;
    let b = summed(cx, b, &|label| kept(label) || a.labels.contains(label))?;
    let (both, rows): (Vec<Label>, Vec<Label>) = a.labels.iter().partition(|label| b.labels.contains(label));
    let (batch, inner): (Vec<Label>, Vec<Label>) = both.iter().partition(|label| kept(label));
    let columns: Vec<Label> = b.labels.iter().copied().filter(|label| !both.contains(label)).collect();
    let sizes = |term: &Term, labels: &[Label]| labels.iter().map(|l| term.size(cx, *l)).collect::<Vec<_>>();
    let (batch_sizes, row_sizes, column_sizes) = (sizes(&a, &batch), sizes(&a, &rows), sizes(&b, &columns));
    let inner_len: usize = sizes(&a, &inner).iter().product();
    let len = |sizes: &[usize]| sizes.iter().product::<usize>();
    // Without a batch the operands are matrices: a constant one is packed at compile time.
    let outer: Vec<usize> = if batch.is_empty() {
        vec![]
    } else {
        vec![len(&batch_sizes)]
    };
    let x = ordered(cx, &a, &[&batch[..], &rows, &inner])?;
    let x = reshaped(cx, x, &[&outer[..], &[len(&row_sizes), inner_len]].concat())?;
    let w = ordered(cx, &b, &[&batch[..], &inner, &columns])?;
    let w = reshaped(cx, w, &[&outer[..], &[inner_len, len(&column_sizes)]].concat())?;
    let y = if inner.is_empty() {
        binary(cx, BinaryOp::Mul, x, w)?
    } else {
        cx.add(MatMul, &[x, w])?
    };
    let value = reshaped(cx, y, &[batch_sizes, row_sizes, column_sizes].concat())?;
    let labels = [batch, rows, columns].concat();
    Ok(Term { value, labels })
}

/// A term with its dimensions in this order.
fn ordered(cx: &mut NodeContext<'_>, term: &Term, groups: &[&[Label]]) -> Result<ValueId, OpError> {
    let order = groups.concat();
    let place = |label: &Label| term.labels.iter().position(|l| l == label);
    let perm = order.iter().filter_map(place).collect();
    transposed(cx, term.value, perm)
}

/// A term with the dimensions `output`, where those that it does not have are 1.
fn arranged(cx: &mut NodeContext<'_>, term: &Term, output: &[Label]) -> Result<ValueId, OpError> {
    let y = ordered(cx, term, &[output])?;
    let sizes: Vec<usize> = output.iter().map(|label| term.size(cx, *label)).collect();
    reshaped(cx, y, &sizes)
}
