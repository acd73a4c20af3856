use super::{Source, Watch};
use crate::Error;
use crate::ir::{Graph, NodeId, OpError};
use crate::passes::{CellObserver, RecurrenceRanges, quantise_recurrence};
use crate::primitives::Recurrence;

/// Operands of a recurrent layer before its weights: the input of the gates, the first states, the lengths.
const OPERANDS: usize = 3;

/// What became of the recurrent layers of a graph.
#[derive(Debug, Default)]
pub(super) struct Recurrences {
    /// How many compute in integers.
    pub(super) layers: usize,
    /// Names of those that stay in floats, and why.
    pub(super) float: Vec<(String, String)>,
    /// Remarks on the others.
    pub(super) warnings: Vec<String>,
}

/// What a layer is on the samples.
struct Seen {
    node: NodeId,
    gates: f32,
    cells: Option<CellObserver>,
}

/// Puts integers in the place of recurrent layers, with conversions around each, by what they read on the samples.
///
/// # Errors
/// Samples that cannot be read.
pub(super) fn quantise(graph: &mut Graph, source: &Source<'_>) -> Result<Recurrences, Error> {
    let nodes = graph.order().into_iter();
    let nodes: Vec<_> = nodes
        .filter(|id| graph.node(*id).op::<Recurrence>().is_some())
        .collect();
    let mut recurrences = Recurrences::default();
    if nodes.is_empty() {
        return Ok(recurrences);
    }
    let operands = nodes.iter().flat_map(|id| graph.node(*id).inputs.iter().take(OPERANDS));
    let values: Vec<_> = operands.copied().flatten().collect();
    let seen = |id: &NodeId| -> Result<Seen, Error> {
        let cells = CellObserver::new(graph, *id)?;
        Ok(Seen {
            node: *id,
            gates: 0.0,
            cells,
        })
    };
    let mut layers = nodes.iter().map(seen).collect::<Result<Vec<_>, _>>()?;
    if values.len() != OPERANDS * layers.len() {
        return Err(internal(crate::ir::op_error("a recurrent layer lacks an operand")));
    }
    let watch = Watch::new(graph, &values)?;
    let mut watching = watch.start();
    for sample in source()? {
        let (_, operands) = watching.run(&sample?);
        for (layer, operands) in layers.iter_mut().zip(operands.chunks_exact(OPERANDS)) {
            let gates = operands[0].to_f32().unwrap_or_default();
            layer.gates = gates.iter().fold(layer.gates, |most, v| most.max(v.abs()));
            if let Some(cells) = &mut layer.cells {
                cells.observe(&operands[0], &operands[1], &operands[2]);
            }
        }
    }
    for layer in layers {
        let ranges = RecurrenceRanges {
            gates: layer.gates,
            cell: layer.cells.map(|cells| cells.range()),
        };
        let name = graph.node(layer.node).name.clone();
        match quantise_recurrence(graph, layer.node, &ranges).map_err(internal)? {
            Ok(warnings) => {
                recurrences.layers += 1;
                recurrences
                    .warnings
                    .extend(warnings.into_iter().map(|w| format!("`{}`: {w}", name.escape_debug())));
            }
            Err(reason) => recurrences.float.push((name, reason)),
        }
    }
    Ok(recurrences)
}

fn internal(error: OpError) -> Error {
    Error::Pass {
        pass: "quantize",
        message: error.message,
    }
}
