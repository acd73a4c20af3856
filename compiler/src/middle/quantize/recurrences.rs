use super::{Goal, Raised, Source, Watch};
use crate::Error;
use crate::ir::primitives::Recurrence;
use crate::ir::{Graph, Node, NodeId, OpError};
use crate::middle::passes::{CellObserver, RecurrenceRanges, quantise_recurrence};

/// Operands of a recurrent layer before its weights: the input of the gates, the first states, the lengths.
const OPERANDS: usize = 3;

/// The recurrent layers of a graph, and what they are on the samples.
#[derive(Debug)]
pub(super) struct Recurrences {
    layers: Vec<(NodeId, RecurrenceRanges)>,
}

/// What became of them.
#[derive(Debug, Default)]
pub(super) struct Replaced {
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
    /// Elements of a state.
    state: usize,
    gates: f32,
    hidden: f32,
    cells: Option<CellObserver>,
}

impl Recurrences {
    /// Looks at what the recurrent layers of `graph` read on the samples.
    ///
    /// # Errors
    /// Samples that cannot be read.
    pub(super) fn observe(graph: &Graph, source: &Source<'_>) -> Result<Self, Error> {
        let nodes = graph.order().into_iter();
        let nodes: Vec<_> = nodes
            .filter(|id| graph.node(*id).op::<Recurrence>().is_some())
            .collect();
        if nodes.is_empty() {
            return Ok(Self { layers: vec![] });
        }
        let operands = nodes.iter().flat_map(|id| graph.node(*id).inputs.iter().take(OPERANDS));
        let values: Vec<_> = operands.copied().flatten().collect();
        let seen = |id: &NodeId| -> Result<Seen, Error> {
            let cells = CellObserver::new(graph, *id)?;
            Ok(Seen {
                node: *id,
                state: graph.ty(graph.node(*id).outputs[1]).len(),
                gates: 0.0,
                hidden: 0.0,
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
                let first = operands[1].to_f32().unwrap_or_default();
                let hidden = first.iter().take(layer.state);
                layer.hidden = hidden.fold(layer.hidden, |most, v| most.max(v.abs()));
                if let Some(cells) = &mut layer.cells {
                    cells.observe(&operands[0], &operands[1], &operands[2]);
                }
            }
        }
        let ranges = |layer: Seen| {
            let ranges = RecurrenceRanges {
                gates: layer.gates,
                hidden: layer.hidden,
                cell: layer.cells.map(|cells| cells.range()),
            };
            (layer.node, ranges)
        };
        Ok(Self {
            layers: layers.into_iter().map(ranges).collect(),
        })
    }

    /// Puts integers in the place of all but those that are `kept` in floats, with conversions around each.
    pub(super) fn replace(&self, graph: &mut Graph, kept: &[NodeId]) -> Result<Replaced, Error> {
        let mut replaced = Replaced::default();
        for (node, ranges) in &self.layers {
            let name = graph.node(*node).name.clone();
            if kept.contains(node) {
                let reason = "in integers it loses more than --max-loss allows".into();
                replaced.float.push((name, reason));
                continue;
            }
            match quantise_recurrence(graph, *node, ranges).map_err(internal)? {
                Ok(warnings) => {
                    replaced.layers += 1;
                    let warnings = warnings.into_iter();
                    let warnings = warnings.map(|w| format!("`{}`: {w}", name.escape_debug()));
                    replaced.warnings.extend(warnings);
                }
                Err(reason) => replaced.float.push((name, reason)),
            }
        }
        Ok(replaced)
    }

    /// Those that integers can stand for, the ones that lose most by it first: one by one, or in at most so many parts.
    ///
    /// # Errors
    /// Samples that cannot be read.
    pub(super) fn by_loss(&self, graph: &Graph, goal: &Goal<'_>, most: usize) -> Result<Vec<Vec<NodeId>>, Error> {
        let mut noises = vec![];
        for layers in self.layers.chunks(self.layers.len().div_ceil(most).max(1)) {
            let mut alone = graph.clone();
            let mut nodes = vec![];
            for (node, ranges) in layers {
                if quantise_recurrence(&mut alone, *node, ranges)
                    .map_err(internal)?
                    .is_ok()
                {
                    nodes.push(*node);
                }
            }
            if !nodes.is_empty() {
                noises.push((goal.measure(graph, &alone)?.noise.noise, nodes));
            }
        }
        noises.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(noises.into_iter().map(|(_, nodes)| nodes).collect())
    }
}

/// What recurrent layers cost in floats, for which the SQNR rises by so much.
pub(super) fn cost(graph: &Graph, nodes: &[NodeId], decibels: f64) -> Raised {
    let nodes = nodes.iter().map(|id| graph.node(*id));
    let weights = nodes.clone().flat_map(|node| node.inputs.iter().skip(OPERANDS));
    let macs = |node: &Node| {
        let outputs: Vec<_> = node.outputs.iter().map(|v| graph.ty(*v)).collect();
        node.operator()
            .map_or(0, |op| op.macs(&graph.types(&node.inputs), &outputs))
    };
    Raised {
        what: nodes.clone().map(|node| node.name.clone()).collect(),
        bits: 32,
        decibels,
        // Four bytes instead of one.
        bytes: weights.flatten().map(|value| 3 * graph.ty(*value).len()).sum(),
        macs: nodes.map(macs).sum(),
    }
}

fn internal(error: OpError) -> Error {
    Error::Pass {
        pass: "quantize",
        message: error.message,
    }
}
