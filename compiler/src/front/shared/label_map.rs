//! Tables from labels to labels.

use super::compose::{binary, reduce, with_number};
use super::normalization::{cast, reshaped};
use crate::front::node::NodeContext;
use crate::ir::primitives::{BinaryOp, Gather, ReduceOp, Select, Unary, UnaryOp};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// What is looked up.
pub(in crate::front) enum Keys {
    Numbers(Tensor),
    Names(Vec<String>),
}

impl Keys {
    /// How many there are.
    pub(in crate::front) fn len(&self) -> usize {
        match self {
            Self::Numbers(keys) => keys.len(),
            Self::Names(keys) => keys.len(),
        }
    }
}

/// What is found, one for each key and the default after them.
pub(in crate::front) enum Values {
    Numbers(Tensor),
    Names(Vec<String>),
}

/// Integer keys become an index where they are not spread over more than this many times their number, and a few more.
const MOST_SPREAD: i64 = 8;

/// The place of each element of input 0 among `keys`, with the values in the order of these places.
pub(in crate::front) fn places(
    cx: &mut NodeContext<'_>,
    keys: &Tensor,
    values: Values,
) -> Result<(ValueId, Values), OpError> {
    let ty = cx.ty(0)?;
    if ty.dtype != keys.dtype {
        return Err(op_error(format!("the input is {ty}, the keys are {}", keys.dtype)));
    }
    if let Some(keys) = keys.to_i64().filter(|_| !ty.dtype.is_float()) {
        let (least, most) = keys
            .iter()
            .fold((i64::MAX, i64::MIN), |(a, b), key| (a.min(*key), b.max(*key)));
        let spread = most.checked_sub(least).and_then(|spread| spread.checked_add(1));
        let room = (keys.len() as i64).saturating_mul(MOST_SPREAD).saturating_add(64);
        if let Some(spread) = spread.filter(|spread| *spread <= room && least.checked_sub(1).is_some()) {
            return Ok((indexed(cx, least, spread)?, values.spread(&keys, least, spread)));
        }
    }
    Ok((compared(cx, keys)?, values))
}

impl Values {
    /// The values in the order of the integers from `least` on, the default last.
    fn spread(self, keys: &[i64], least: i64, spread: i64) -> Self {
        // The first of equal keys counts.
        let place = |number| keys.iter().position(|key| *key == least + number).unwrap_or(keys.len());
        let places = (0..spread).map(place).chain([keys.len()]);
        match self {
            Self::Numbers(table) => {
                let size = table.dtype.size();
                let bytes: Vec<u8> = places
                    .flat_map(|place| table.bytes[place * size..][..size].to_vec())
                    .collect();
                Self::Numbers(Tensor::new(table.dtype, vec![spread as usize + 1], bytes))
            }
            Self::Names(names) => Self::Names(places.map(|place| names[place].clone()).collect()),
        }
    }
}

/// `x - least` where that is from zero up to `spread`, else `spread`.
fn indexed(cx: &mut NodeContext<'_>, least: i64, spread: i64) -> Result<ValueId, OpError> {
    let x = cx.input(0)?;
    let x = cast(cx, x, DType::I64)?;
    let number = |cx: &mut NodeContext<'_>, value| cx.add_constant(Tensor::i64(&[], &[value]));
    // First within bounds: the difference of far numbers overflows.
    let (low, high) = (number(cx, least - 1), number(cx, least.saturating_add(spread)));
    let x = binary(cx, BinaryOp::Max, x, low)?;
    let x = binary(cx, BinaryOp::Min, x, high)?;
    let (first, end) = (number(cx, least), number(cx, spread));
    let place = binary(cx, BinaryOp::Sub, x, first)?;
    let zero = number(cx, 0);
    let below = binary(cx, BinaryOp::Less, place, zero)?;
    cx.add(Select, &[below, end, place])
}

/// The place of the key that is equal, or their number if none is. NaN is equal to NaN from opset 4 on.
fn compared(cx: &mut NodeContext<'_>, keys: &Tensor) -> Result<ValueId, OpError> {
    let (x, ty, count) = (cx.input(0)?, cx.ty(0)?, keys.len());
    let mut shape = ty.shape.clone();
    shape.push(1);
    let x = reshaped(cx, x, &shape)?;
    let keys = Tensor::new(keys.dtype, vec![count], keys.bytes.to_vec());
    let constant = cx.add_constant(keys.clone());
    let mut same = binary(cx, BinaryOp::Equal, x, constant)?;
    if cx.opset() >= 4 && keys.dtype.is_float() && keys.to_f64().iter().any(|key| key.is_nan()) {
        let [x, key] = [x, constant].map(|value| cx.add(Unary { op: UnaryOp::IsNan }, &[value]));
        let both = binary(cx, BinaryOp::And, x?, key?)?;
        same = binary(cx, BinaryOp::Or, same, both)?;
    }
    // The first of equal keys counts: the number of keys minus the greatest distance from the end.
    let same = cast(cx, same, DType::I32)?;
    let from_end: Vec<i32> = (1..=count as i32).rev().collect();
    let from_end = cx.add_constant(Tensor::i32(&[count], &from_end));
    let found = binary(cx, BinaryOp::Mul, same, from_end)?;
    let found = reduce(cx, ReduceOp::Max, found, vec![shape.len() - 1])?;
    let found = reshaped(cx, found, &ty.shape)?;
    let found = cast(cx, found, DType::I64)?;
    let found = with_number(cx, BinaryOp::Sub, found, count as f64)?;
    cx.add(Unary { op: UnaryOp::Neg }, &[found])
}

/// Elements of a table by their places.
pub(in crate::front) fn taken(cx: &mut NodeContext<'_>, place: ValueId, table: Tensor) -> Result<ValueId, OpError> {
    let table = cx.add_constant(table);
    cx.add(Gather { axis: 0 }, &[table, place])
}
