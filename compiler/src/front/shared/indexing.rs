//! What operators that pick or put elements by index have in common.

use crate::front::node::NodeContext;
use crate::ir::primitives::{BinaryOp, Expand, Gather, Locate, Reshape, Scatter, row_major_strides};
use crate::ir::{DType, OpError, TensorType, ValueId, op_error};

/// The most elements of a constant that counts.
const MAX_NUMBERS: usize = 1 << 22;

/// `len` numbers, `step` apart, from zero.
pub(in crate::front) fn numbers(len: usize, step: usize) -> Result<Vec<i64>, OpError> {
    if len > MAX_NUMBERS {
        return Err(op_error(format!("a dimension of {len}")).help(format!("at most {MAX_NUMBERS} is supported")));
    }
    Ok((0..len as i64).map(|i| i.saturating_mul(step as i64)).collect())
}

/// An error if an index of input `index` that is known now lies outside its axis; tuples count along `axes`.
fn check_known(cx: &NodeContext<'_>, index: usize, axes: &[usize]) -> Result<(), OpError> {
    let known = cx
        .constant(index)
        .and_then(|indices| indices.to_i64())
        .unwrap_or_default();
    let outside = |(index, size): (&i64, &usize)| !(-(*size as i64)..*size as i64).contains(index);
    match known.iter().zip(axes.iter().cycle()).find(|pair| outside(*pair)) {
        Some((index, size)) => Err(op_error(format!("index {index} is outside an axis of {size}"))),
        None => Ok(()),
    }
}

/// For each index of input 1, which element of `data` it names: its own place, with the index for the place along
/// `axis`.
pub(in crate::front) fn elements(cx: &mut NodeContext<'_>, data: &TensorType, axis: usize) -> Result<ValueId, OpError> {
    let indices = cx.ty(1)?;
    let mut others = indices.shape.iter().zip(&data.shape).enumerate();
    if indices.rank() != data.rank() || others.any(|(i, (index, size))| i != axis && index > size) {
        return Err(op_error(format!("indices {indices} do not fit {data}")));
    }
    check_known(cx, 1, &data.shape[axis..=axis])?;
    let mut strides = row_major_strides(&data.shape);
    let steps = vec![std::mem::take(&mut strides[axis])];
    let locate = Locate {
        dims: indices.shape,
        strides,
        axes: vec![data.shape[axis]],
        steps,
    };
    let indices = cx.input(1)?;
    cx.add(locate, &[indices])
}

/// Slices of a tensor that tuples of indices name.
pub(in crate::front) struct Slices {
    /// Which of the slices, for each tuple.
    pub places: ValueId,
    /// The dimensions of a slice.
    pub shape: Vec<usize>,
}

/// For each tuple in the last dimension of input 1, which slice of `data` it names. The first `batch` dimensions are
/// those of `data`.
pub(in crate::front) fn slices(cx: &mut NodeContext<'_>, data: &TensorType, batch: usize) -> Result<Slices, OpError> {
    let indices = cx.ty(1)?;
    let wrong = || {
        op_error(format!(
            "indices {indices} do not fit {data} with {batch} batch dimensions"
        ))
    };
    let (tuple, dims) = indices.shape.split_last().ok_or_else(wrong)?;
    let named = batch
        .checked_add(*tuple)
        .filter(|named| *named <= data.rank() && *tuple > 0);
    let named = named.ok_or_else(wrong)?;
    if dims.get(..batch) != data.shape.get(..batch) {
        return Err(wrong());
    }
    let (outer, slice) = data.shape.split_at(named);
    check_known(cx, 1, &outer[batch..])?;
    let steps = row_major_strides(outer);
    let mut strides = vec![0; dims.len()];
    strides[..batch].copy_from_slice(&steps[..batch]);
    let locate = Locate {
        dims: dims.to_vec(),
        strides,
        axes: outer[batch..].to_vec(),
        steps: steps[batch..].to_vec(),
    };
    let indices = cx.input(1)?;
    Ok(Slices {
        places: cx.add(locate, &[indices])?,
        shape: slice.to_vec(),
    })
}

/// The slices of input 0 at these places.
pub(in crate::front) fn gathered(cx: &mut NodeContext<'_>, slices: Slices) -> Result<Vec<ValueId>, OpError> {
    let (x, ty) = (cx.input(0)?, cx.ty(0)?);
    let named = ty.rank() - slices.shape.len();
    let count = ty.shape[..named].iter().product();
    let rows = [&[count], &slices.shape[..]].concat();
    let x = cx.add(Reshape { shape: rows }, &[x])?;
    cx.add(Gather { axis: 0 }, &[x, slices.places]).map(|y| vec![y])
}

/// How attribute `reduction` combines an element that is there with one that is put there; `None` replaces it.
pub(in crate::front) fn reduction(cx: &mut NodeContext<'_>) -> Result<Option<BinaryOp>, OpError> {
    let kinds = [
        ("none", None),
        ("add", Some(BinaryOp::Add)),
        ("mul", Some(BinaryOp::Mul)),
        ("max", Some(BinaryOp::Max)),
        ("min", Some(BinaryOp::Min)),
    ];
    let known = match cx.opset() {
        ..16 => 1,
        16..18 => 3,
        _ => kinds.len(),
    };
    let reduction = cx.attributes.choice("reduction", &kinds[..known])?;
    let of_booleans = match reduction {
        Some(BinaryOp::Add | BinaryOp::Max) => Some(BinaryOp::Or),
        reduction => reduction.map(|_| BinaryOp::And),
    };
    let is_bool = cx.ty(0)?.dtype == DType::Bool;
    Ok(if is_bool { of_booleans } else { reduction })
}

/// Input 0 with the slices of input `updates` put at these places.
pub(in crate::front) fn scattered(
    cx: &mut NodeContext<'_>,
    slices: Slices,
    updates: usize,
    reduction: Option<BinaryOp>,
) -> Result<Vec<ValueId>, OpError> {
    let (ty, places) = (cx.ty(updates)?, cx.value_ty(slices.places).shape.clone());
    let expected = [places, slices.shape.clone()].concat();
    if ty.shape != expected {
        return Err(op_error(format!("updates are {ty}, the indices name {expected:?}")));
    }
    let inner = slices.shape.iter().product();
    let operands = [cx.input(0)?, slices.places, cx.input(updates)?];
    cx.add(Scatter { inner, reduction }, &operands).map(|y| vec![y])
}

/// A tensor of `shape` that is `off` everywhere except at the indices along `axis`, where it is one. Those are of that
/// shape without the axis; one that is outside leaves its line as it is.
pub(in crate::front) fn one_hot(
    cx: &mut NodeContext<'_>,
    indices: ValueId,
    shape: &[usize],
    axis: usize,
    [off, on]: [ValueId; 2],
) -> Result<ValueId, OpError> {
    let (mut dims, mut strides) = (shape.to_vec(), row_major_strides(shape));
    let locate = Locate {
        axes: vec![dims.remove(axis)],
        steps: vec![strides.remove(axis)],
        dims: dims.clone(),
        strides,
    };
    let places = cx.add(locate, &[indices])?;
    let whole = cx.add(Expand { shape: shape.to_vec() }, &[off])?;
    let ones = cx.add(Expand { shape: dims }, &[on])?;
    let scatter = Scatter {
        inner: 1,
        reduction: None,
    };
    cx.add(scatter, &[whole, places, ones])
}
