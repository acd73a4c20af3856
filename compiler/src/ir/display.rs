use super::{Graph, NodeKind};
use std::fmt;

/// One line a node: `name = Operator(attributes) input, .. -> type`. Snapshots and `--print-after` show this.
impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "graph {}", self.name)?;
        for id in self.order() {
            let node = self.node(id);
            let outputs: Vec<_> = node
                .outputs
                .iter()
                .map(|v| format!("{}: {}", self.value(*v).name, self.ty(*v)))
                .collect();
            let outputs = outputs.join(", ");
            match &node.kind {
                NodeKind::Input => writeln!(f, "  input {outputs}")?,
                NodeKind::State => writeln!(f, "  state {outputs}")?,
                NodeKind::Constant(tensor) => writeln!(f, "  const {} = {tensor:?}", node.name)?,
                NodeKind::Operator(op) => {
                    let inputs: Vec<_> = node
                        .inputs
                        .iter()
                        .map(|v| v.map_or("_".to_owned(), |v| self.value(v).name.clone()))
                        .collect();
                    writeln!(f, "  {outputs} = {op:?} {}", inputs.join(", "))?;
                }
            }
        }
        for (name, value) in self.outputs() {
            writeln!(f, "  output {name} = {}", self.value(*value).name)?;
        }
        for state in self.states() {
            writeln!(f, "  keep {} = {}", state.name, self.value(state.next).name)?;
        }
        Ok(())
    }
}
