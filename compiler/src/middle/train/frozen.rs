//! The part of a model in front of what is trained, which can be quantised: no gradient passes through it.

use crate::Error;
use crate::ir::{Graph, NodeId, NodeKind, OpError, ValueId, op_error};
use crate::middle::passes::unused;
use crate::middle::quantize::multiplies;
use std::collections::{HashMap, HashSet};

/// Why a node stays in floats that reads a parameter.
const TRAINED: &str = "it is trained";
/// Why another node does that is behind such a one.
const PASSED: &str = "gradients pass through it";

/// The frozen part of a graph with a step of training, as a graph of its own.
#[derive(Debug)]
pub struct Frozen {
    /// It has the inputs of inference, in their order; its outputs are what the rest reads of it.
    pub graph: Graph,
    /// The nodes of inference behind it, by name, and why each stays in floats.
    pub floats: Vec<(String, String)>,
    /// What these outputs are in the whole graph.
    values: Vec<ValueId>,
}

impl Frozen {
    /// Finds the part of a graph, as it is after `passes::BEFORE_QUANTIZATION`, that inference computes from its inputs
    /// without any parameter.
    ///
    /// # Errors
    /// A part without a layer that could be quantised, as all are trained or behind trained ones.
    pub fn of(graph: &Graph) -> Result<Self, Error> {
        let training = graph.training();
        let (inputs, outputs) = training.map_or((0, 0), |training| (training.inputs, training.outputs));
        let results = graph.outputs()[..outputs].iter().map(|(_, value)| *value);
        let of_inference = graph.ancestors(results);
        let (order, mut changing) = (graph.order(), HashSet::new());
        for id in &order {
            let node = graph.node(*id);
            let reads = |v: &ValueId| changing.contains(&graph.value(*v).producer);
            if matches!(node.kind, NodeKind::State) || node.inputs.iter().flatten().any(reads) {
                changing.insert(*id);
            }
        }
        let is_frozen = |id: &NodeId| of_inference.contains(id) && !changing.contains(id);
        let nodes: Vec<_> = order.iter().copied().filter(is_frozen).collect();
        if !nodes.iter().any(|id| multiplies(graph.node(*id))) {
            return Err(Error::usage(
                "no layer in front of the trained ones is left to be quantised: layers stay in floats that are trained \
                 or that gradients pass through",
                "train layers nearer to the end, such as --trainable last:1, or leave out --quantize",
            ));
        }
        let operators = nodes.iter().filter(|id| graph.node(**id).operator().is_some());
        let made = operators.flat_map(|id| graph.node(*id).outputs.iter().copied());
        let read_behind = |v: &ValueId| graph.users(*v).iter().any(|(user, _)| !is_frozen(user));
        let values: Vec<_> = made.filter(read_behind).collect();
        let mut part = Graph::new(graph.name.clone());
        part.channels_last_inputs = graph.channels_last_inputs.clone();
        part.replaceable_constants = graph.replaceable_constants;
        let inputs = graph.inputs()[..inputs].iter();
        let mut copies: HashMap<_, _> = inputs
            .map(|v| (*v, part.add_input(graph.value(*v).name.clone(), graph.ty(*v).clone())))
            .collect();
        copy(graph, &nodes, &mut part, &mut copies).map_err(internal)?;
        for value in &values {
            part.add_output(graph.value(*value).name.clone(), copies[value]);
        }
        let behind = order
            .iter()
            .filter(|id| of_inference.contains(id) && changing.contains(id));
        let mut floats = vec![];
        for float in behind.filter_map(|id| in_floats(graph, *id)) {
            // A layer may be several nodes.
            if !floats.iter().any(|(name, _)| *name == float.0) {
                floats.push(float);
            }
        }
        Ok(Self {
            graph: part,
            floats,
            values,
        })
    }

    /// Puts `part`, which has the same inputs and outputs, in its place in the whole graph.
    ///
    /// # Errors
    /// A part that does not fit: a fault of what has changed it.
    pub fn replace(&self, graph: &mut Graph, part: &Graph) -> Result<(), Error> {
        let inputs = part.inputs().iter().zip(graph.inputs());
        let mut copies = inputs.map(|(of_part, whole)| (*of_part, *whole)).collect();
        copy(part, &part.order(), graph, &mut copies).map_err(internal)?;
        for (value, (_, output)) in self.values.iter().zip(part.outputs()) {
            graph.replace_uses(*value, copies[output]);
        }
        unused::run(graph).map_err(internal)
    }
}

/// The ONNX node of an operator behind the frozen part, and why it stays in floats.
fn in_floats(graph: &Graph, id: NodeId) -> Option<(String, String)> {
    let node = graph.node(id);
    node.operator()?;
    let is_parameter = |v: &ValueId| matches!(graph.producer(*v).kind, NodeKind::State);
    let reason = match node.inputs.iter().flatten().any(is_parameter) {
        true => TRAINED,
        false => PASSED,
    };
    let name = node.origin.first().unwrap_or(&node.name);
    Some((name.clone(), reason.to_owned()))
}

/// Adds copies of these nodes, which are in order, to another graph. `copies` holds those of values that are there
/// already, as inputs are, and is given those of the others.
fn copy(from: &Graph, nodes: &[NodeId], to: &mut Graph, copies: &mut HashMap<ValueId, ValueId>) -> Result<(), OpError> {
    for id in nodes {
        let node = from.node(*id);
        let made = match &node.kind {
            NodeKind::Input => continue,
            NodeKind::State => return Err(op_error("a frozen part has no states")),
            NodeKind::Constant(tensor) => vec![to.add_constant(node.name.clone(), tensor.clone())],
            NodeKind::Operator(operator) => {
                let inputs: Vec<_> = node.inputs.iter().map(|v| v.map(|v| copies[&v])).collect();
                let id = to.add(node.name.clone(), operator.boxed(), &inputs, &node.origin)?;
                to.node(id).outputs.clone()
            }
        };
        for (old, new) in node.outputs.iter().zip(made) {
            to.rename(new, from.value(*old).name.clone());
            if let Some(steps) = &from.value(*old).steps {
                to.note_steps(new, *steps);
            }
            copies.insert(*old, new);
        }
    }
    Ok(())
}

fn internal(error: OpError) -> Error {
    Error::Pass {
        pass: "quantize",
        message: error.message,
    }
}
