use super::{Graph, NodeKind, Printable};
use std::fmt;

/// One line per node: `name = Operator(attributes) input, .. -> type`. Snapshots and `--print-after` show this.
impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "graph {}", Printable(&self.name))?;
        for id in self.order() {
            let node = self.node(id);
            let outputs: Vec<_> = node
                .outputs
                .iter()
                .map(|v| format!("{}: {}", Printable(&self.value(*v).name), self.ty(*v)))
                .collect();
            let outputs = outputs.join(", ");
            match &node.kind {
                NodeKind::Input => writeln!(f, "  input {outputs}")?,
                NodeKind::State => writeln!(f, "  state {outputs}")?,
                NodeKind::Constant(tensor) => writeln!(f, "  const {} = {tensor:?}", Printable(&node.name))?,
                NodeKind::Operator(op) => {
                    let inputs: Vec<_> = node
                        .inputs
                        .iter()
                        .map(|v| v.map_or("_".to_owned(), |v| Printable(&self.value(v).name).to_string()))
                        .collect();
                    writeln!(f, "  {outputs} = {op:?} {}", inputs.join(", "))?;
                }
            }
        }
        for (name, value) in self.outputs() {
            let (name, value) = (Printable(name), Printable(&self.value(*value).name));
            writeln!(f, "  output {name} = {value}")?;
        }
        for state in self.states() {
            let (name, next) = (Printable(&state.name), Printable(&self.value(state.next).name));
            writeln!(f, "  keep {name} = {next}")?;
        }
        Ok(())
    }
}
