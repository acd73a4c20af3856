//! What the classes of a classifier are called.

use crate::front::node::NodeContext;
use crate::ir::primitives::Gather;
use crate::ir::{Classes, Labels, OpError, Tensor, ValueId, op_error};

/// Reads the classes, which one of two attributes gives.
pub(in crate::front) fn classes(
    cx: &mut NodeContext<'_>,
    numbers: &'static str,
    names: &'static str,
) -> Result<Classes, OpError> {
    let by_number = cx.attributes.ints(numbers)?.unwrap_or_default();
    let by_name = cx.attributes.strings(names)?.unwrap_or_default();
    match (by_number.is_empty(), by_name.is_empty()) {
        (true, true) => Err(op_error(format!("neither `{numbers}` nor `{names}` is given"))),
        (false, false) => Err(op_error(format!("both `{numbers}` and `{names}` are given"))),
        (false, true) => Ok(Classes::Numbers(by_number)),
        (true, false) => Ok(Classes::Names(by_name)),
    }
}

/// The labels of these classes: numbers as they are, names by their place in the table of the emitted file.
pub(in crate::front) fn labels(
    cx: &mut NodeContext<'_>,
    place: ValueId,
    classes: &Classes,
) -> Result<ValueId, OpError> {
    match classes {
        Classes::Numbers(numbers) => picked(cx, place, numbers),
        Classes::Names(_) => cx.labelled(
            place,
            Labels {
                classes: classes.clone(),
                of_columns: false,
            },
        ),
    }
}

/// `numbers` by their places.
pub(in crate::front) fn picked(cx: &mut NodeContext<'_>, place: ValueId, numbers: &[i64]) -> Result<ValueId, OpError> {
    if numbers.iter().zip(0..).all(|(number, place)| *number == place) {
        return Ok(place);
    }
    let numbers = cx.add_constant(Tensor::i64(&[numbers.len()], numbers));
    cx.add(Gather { axis: 0 }, &[numbers, place])
}
