use super::rewrite::substitute;
use crate::ir::{Graph, NodeKind, OpError, Tensor};
use crate::middle::fold;

/// Computes operators whose operands are all constants, through the kernels, unless the result is much larger than
/// they.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in graph.order() {
        let node = graph.node(id);
        let NodeKind::Operator(op) = &node.kind else { continue };
        let operands = node.inputs.iter().map(|v| v.and_then(|v| graph.constant(v)).cloned());
        let Some(operands) = operands.collect::<Option<Vec<Tensor>>>() else {
            continue;
        };
        let (name, op, outputs) = (node.name.clone(), op.boxed(), node.outputs.clone());
        let types: Vec<_> = outputs.iter().map(|v| graph.ty(*v).clone()).collect();
        let types: Vec<_> = types.iter().collect();
        if operands.is_empty() || !fold::is_worthwhile(graph, &name, op.as_ref(), &operands, &types) {
            continue;
        }
        // Lowering will say what is wrong.
        let Ok(results) = fold::evaluate(op.as_ref(), &operands) else {
            continue;
        };
        let last = outputs.len() - 1;
        for (i, (old, tensor)) in outputs.into_iter().zip(results).enumerate() {
            let new = graph.add_constant(graph.value(old).name.clone(), tensor);
            if i < last {
                graph.replace_uses(old, new);
            } else {
                substitute(graph, id, old, new);
            }
        }
    }
    Ok(())
}
