use crate::ir::{Graph, NodeKind, OpError};

/// Removes operators and constants whose results nothing reads. Inputs of the model stay.
pub(crate) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in graph.order().into_iter().rev() {
        let node = graph.node(id);
        let is_input = matches!(node.kind, NodeKind::Input);
        let unused = node
            .outputs
            .iter()
            .all(|v| graph.users(*v).is_empty() && !graph.is_output(*v));
        if unused && !is_input {
            graph.remove(id);
        }
    }
    Ok(())
}
