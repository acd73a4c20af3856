use super::{Domain, OperatorDef, control};
use crate::import::NodeContext;
use crate::ir::{OpError, ValueId, op_error};

/// One of two sub-graphs. Where the condition is known only that one is read; else both are computed, and the results
/// of one are taken.
pub(super) const IF: OperatorDef = OperatorDef {
    name: "If",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 16, 19, 21, 23, 24, 25],
    limits: "tensors only; where the condition is not known at compile time both branches are computed, and must give \
             the same types",
    read: |cx| {
        let condition = control::condition(cx, cx.input(0)?)?;
        cx.attributes.ignore("then_branch");
        cx.attributes.ignore("else_branch");
        match control::known(cx, condition) {
            Some(true) => cx.subgraph("then_branch", &[]),
            Some(false) => cx.subgraph("else_branch", &[]),
            None => {
                let chosen = cx.subgraph("then_branch", &[])?;
                let other = cx.subgraph("else_branch", &[])?;
                chosen_of(cx, condition, &chosen, &other)
            }
        }
    },
};

fn chosen_of(
    cx: &mut NodeContext<'_>,
    condition: ValueId,
    chosen: &[ValueId],
    other: &[ValueId],
) -> Result<Vec<ValueId>, OpError> {
    if chosen.len() != other.len() {
        return Err(op_error(format!(
            "the branches have {} and {} outputs",
            chosen.len(),
            other.len()
        )));
    }
    let pairs = chosen.iter().zip(other);
    pairs.map(|(a, b)| control::select(cx, condition, *a, *b)).collect()
}
