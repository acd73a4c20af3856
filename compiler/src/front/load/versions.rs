//! Which versions of ONNX a model follows, and whether this compiler reads them.

use std::collections::BTreeMap;

use crate::front::proto::{ModelProto, OperatorSetIdProto};

use super::Problem;

/// The oldest opset of the ONNX operators that is read.
pub const MIN_OPSET: i64 = 1;
/// The newest one.
pub const MAX_OPSET: i64 = 28;
/// Models state their opsets since this IR version.
const MIN_IR: i64 = 3;
/// The IR version of [`crate::front::proto`].
const MAX_IR: i64 = 14;

/// Opset version of each operator domain; the ONNX operators are the domain "".
pub type Opsets = BTreeMap<String, i64>;

/// The one name of a domain: `ai.onnx` is another spelling of "".
pub(super) fn domain(domain: &str) -> &str {
    if domain == "ai.onnx" { "" } else { domain }
}

/// A domain's name for people.
pub(super) fn shown(domain: &str) -> &str {
    if domain.is_empty() { "ai.onnx" } else { domain }
}

/// Checks the versions a model states.
pub(super) fn of_model(model: &ModelProto, problems: &mut Vec<Problem>) -> Opsets {
    match model.ir_version {
        None => problems.push(Problem::NoIrVersion),
        Some(found) if !(MIN_IR..=MAX_IR).contains(&found) => {
            problems.push(Problem::IrVersion {
                found,
                oldest: MIN_IR,
                newest: MAX_IR,
            });
        }
        Some(_) => {}
    }
    of_imports(&model.opset_import, "the model", problems)
}

/// Checks the opsets that `whose` imports.
pub(super) fn of_imports(imports: &[OperatorSetIdProto], whose: &str, problems: &mut Vec<Problem>) -> Opsets {
    let mut opsets = Opsets::new();
    for import in imports {
        let (domain, second) = (domain(import.domain()), import.version());
        match opsets.insert(domain.to_owned(), second) {
            Some(first) if first != second => problems.push(Problem::OpsetConflict {
                whose: whose.to_owned(),
                domain: shown(domain).to_owned(),
                first,
                second,
            }),
            _ => {}
        }
    }
    if let Some(&found) = opsets.get("").filter(|found| !(MIN_OPSET..=MAX_OPSET).contains(*found)) {
        problems.push(Problem::Opset {
            whose: whose.to_owned(),
            found,
            oldest: MIN_OPSET,
            newest: MAX_OPSET,
        });
    }
    opsets
}
