use crate::bindings::HOST_RANK;
use crate::ir::{DType, OpError, TensorType, op_error};

/// The type of a tensor whose shape was computed, checked.
pub fn tensor_type(dtype: DType, shape: Vec<usize>) -> Result<TensorType, OpError> {
    let ty = TensorType { dtype, shape };
    ty.check()?;
    Ok(ty)
}

/// An error if kernels cannot walk this many dimensions.
pub fn check_rank(dims: &[usize]) -> Result<(), OpError> {
    if dims.len() <= HOST_RANK {
        return Ok(());
    }
    Err(op_error(format!(
        "elements lie in {} dimensions that cannot be joined",
        dims.len()
    ))
    .help(format!("at most {HOST_RANK} are supported")))
}

/// Joins neighbouring dimensions that all operands walk alike, and drops those of one element.
pub fn joined<const N: usize>(shape: &[usize], strides: [Vec<usize>; N]) -> (Vec<usize>, [Vec<usize>; N]) {
    let mut dims: Vec<usize> = vec![];
    let mut kept: [Vec<usize>; N] = std::array::from_fn(|_| vec![]);
    for (i, dim) in shape.iter().enumerate().filter(|(_, dim)| **dim != 1) {
        let alike = |n: usize| kept[n].last().is_some_and(|last| *last == strides[n][i] * dim);
        match dims.last_mut() {
            Some(last) if (0..N).all(alike) => {
                *last *= dim;
                kept.iter_mut().for_each(|kept| kept.truncate(kept.len() - 1));
            }
            _ => dims.push(*dim),
        }
        for (kept, strides) in kept.iter_mut().zip(&strides) {
            kept.push(strides[i]);
        }
    }
    if dims.is_empty() {
        (vec![1], std::array::from_fn(|_| vec![1]))
    } else {
        (dims, kept)
    }
}

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
