use super::{Graph, NodeKind, OpError, op_error};

/// Checks that every operator infers what the graph says of its outputs, and that every operand exists.
///
/// # Errors
/// The node and the rule that is broken: always a fault of the compiler, named after the pass that made it.
pub fn verify(graph: &Graph) -> Result<(), OpError> {
    let order = graph.order();
    if order.len() != graph.len() {
        return Err(op_error("the graph has a cycle"));
    }
    for id in order {
        let node = graph.node(id);
        let fault = |rule: String| op_error(format!("node `{}`: {rule}", node.name));
        for value in node.inputs.iter().flatten() {
            if !graph.contains(graph.value(*value).producer) {
                return Err(fault(format!(
                    "reads `{}`, whose node was removed",
                    graph.value(*value).name
                )));
            }
        }
        if let NodeKind::Operator(op) = &node.kind {
            let inferred = op.infer(&graph.operands(&node.inputs)).map_err(|e| fault(e.message))?;
            let stated: Vec<_> = node.outputs.iter().map(|v| graph.ty(*v).clone()).collect();
            if inferred != stated {
                return Err(fault(format!("infers {inferred:?} where the graph has {stated:?}")));
            }
        }
    }
    for (name, value) in graph.outputs() {
        if !graph.contains(graph.value(*value).producer) {
            return Err(op_error(format!("output `{name}`: its node was removed")));
        }
    }
    for state in graph.states() {
        let fault = |rule: &str| Err(op_error(format!("state `{}`: {rule}", state.name)));
        if [state.value, state.next]
            .iter()
            .any(|value| !graph.contains(graph.value(*value).producer))
        {
            return fault("its node was removed");
        }
        if graph.ty(state.value) != graph.ty(state.next) {
            return fault("what is kept is of another type");
        }
    }
    Ok(())
}
