use crate::ir::{OpError, op_error};

/// The shape that both broadcast to.
///
/// # Errors
/// If two dimensions differ and neither is one.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, OpError> {
    let rank = a.len().max(b.len());
    let dim = |shape: &[usize], i: usize| (i + shape.len()).checked_sub(rank).map_or(1, |i| shape[i]);
    (0..rank)
        .map(|i| match (dim(a, i), dim(b, i)) {
            (x, y) if x == y => Ok(x),
            (1, y) => Ok(y),
            (x, 1) => Ok(x),
            _ => Err(op_error(format!("shapes {a:?} and {b:?} do not broadcast"))),
        })
        .collect()
}

/// Distances between neighbours along each dimension, in elements.
pub fn row_major_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i] * shape[i];
    }
    strides
}

/// Distances between elements of an operand of `shape` along each dimension of `output`; 0 where it is repeated.
pub fn broadcast_strides(shape: &[usize], output: &[usize]) -> Vec<usize> {
    let mut strides = vec![0; output.len()];
    let skipped = output.len() - shape.len();
    for (i, stride) in row_major_strides(shape).into_iter().enumerate() {
        if shape[i] != 1 {
            strides[skipped + i] = stride;
        }
    }
    strides
}
