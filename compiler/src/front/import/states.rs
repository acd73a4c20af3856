//! Inputs that are outputs of the run before.

use crate::Error;
use crate::ir::Graph;

/// Makes states of the graph of pairs (input, output) by name: the input of each run is then the output of the run
/// before, and zeros in the first one. The model has neither as a port any more.
///
/// # Errors
/// A name that the model does not have, or two times, and pairs of different types.
pub fn bind_states(graph: &mut Graph, pairs: &[(String, String)]) -> Result<(), Error> {
    for (index, (input, output)) in pairs.iter().enumerate() {
        let twice = |(i, o): &(String, String)| i == input || o == output;
        if let Some((i, o)) = pairs[..index].iter().find(|pair| twice(pair)) {
            let (kind, name) = if i == input { ("input", i) } else { ("output", o) };
            return Err(Error::usage(
                format!("{kind} `{}` is bound to two states", name.escape_debug()),
                "give each input and each output in one --state only",
            ));
        }
        let inputs = graph.inputs().iter().map(|value| graph.value(*value).name.as_str());
        let at_input = find("input", input, inputs)?;
        let outputs = graph.outputs().iter().map(|(name, _)| name.as_str());
        let at_output = find("output", output, outputs)?;
        let (from, to) = (
            graph.ty(graph.outputs()[at_output].1),
            graph.ty(graph.inputs()[at_input]),
        );
        if from != to {
            return Err(Error::usage(
                format!(
                    "output `{}` is {from}, but input `{}`, which is to be what it was in the run before, is {to}",
                    output.escape_debug(),
                    input.escape_debug()
                ),
                "a state keeps its type: bind ports of one type, or pin open dimensions with --dim or --shape",
            ));
        }
        graph.bind_state(at_input, at_output);
    }
    Ok(())
}

/// The number of the port with this name.
fn find<'a>(kind: &str, name: &str, ports: impl Iterator<Item = &'a str> + Clone) -> Result<usize, Error> {
    ports.clone().position(|port| port == name).ok_or_else(|| {
        let known: Vec<_> = ports.map(|port| format!("`{}`", port.escape_debug())).collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        Error::usage(
            format!("there is no {kind} called `{}` to bind to a state", name.escape_debug()),
            format!("{kind}s that are not bound: {known}"),
        )
    })
}
