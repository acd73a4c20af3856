//! Strings that are known at compile time: the nodes around them see their places in a table of names instead.

use super::scope::Made;
use super::{Domain, Item, OperatorDef};
use crate::ir::{Labels, OpError, ValueId, op_error};

/// Operators that pass elements of their first operand on and compute nothing from them.
const CARRIERS: [(Domain, &str); 8] = [
    (Domain::Ml, "ArrayFeatureExtractor"),
    (Domain::Onnx, "Cast"),
    (Domain::Onnx, "Flatten"),
    (Domain::Onnx, "Gather"),
    (Domain::Onnx, "Identity"),
    (Domain::Onnx, "Reshape"),
    (Domain::Onnx, "Squeeze"),
    (Domain::Onnx, "Unsqueeze"),
];

/// Operators that look names up.
const READERS: [(Domain, &str); 1] = [(Domain::Ml, "LabelEncoder")];

fn is_in(operator: &OperatorDef, list: &[(Domain, &str)]) -> bool {
    list.contains(&(operator.domain, operator.name))
}

fn tensor(item: &Option<Item>) -> Option<ValueId> {
    item.as_ref()?.tensor()
}

/// The error of an operator that would compute with the places of names.
pub(super) fn refused(operator: &OperatorDef, inputs: &[Option<Item>], made: &Made) -> Option<OpError> {
    let mut texts = inputs
        .iter()
        .enumerate()
        .filter(|(_, item)| tensor(item).is_some_and(|value| made.names(value).is_some()));
    let (index, _) = texts.next()?;
    let understood = is_in(operator, &CARRIERS) || is_in(operator, &READERS);
    if index == 0 && understood && texts.next().is_none() {
        return None;
    }
    let help =
        "strings can be picked by index and looked up by LabelEncoder; do the rest in the program around the model";
    Some(
        op_error(format!(
            "operand {index} holds strings, which this operator does not take"
        ))
        .help(help),
    )
}

/// What the elements are called that the operator passes on.
pub(super) fn carried(operator: &OperatorDef, inputs: &[Option<Item>], made: &Made) -> Option<Labels> {
    let first = tensor(inputs.first()?)?;
    made.names(first).filter(|_| is_in(operator, &CARRIERS)).cloned()
}
