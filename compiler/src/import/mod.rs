//! `Model` -> `Graph`: shapes pinned, each node read by its operator, shape arithmetic folded away.

mod attributes;
mod context;
mod dimensions;

pub use attributes::Attributes;
pub use context::NodeContext;
pub use dimensions::{Dimensions, OpenDimension, open_dimensions};

use crate::Error;
use crate::error::OperatorProblem;
use crate::ir::{Graph, OpError, ValueId, op_error};
use crate::load::{self, Model};
use crate::ops;
use crate::proto::NodeProto;
use std::collections::HashMap;

/// Constants that reading may make on top of twice those that the model stores, in bytes.
const MAX_MADE_BYTES: usize = 1 << 27;

/// A model as a graph, and what the user should know of how it was read.
#[derive(Debug)]
pub struct Imported {
    /// The graph.
    pub graph: Graph,
    /// Remarks such as dimensions that took a default.
    pub notes: Vec<String>,
}

/// Reads a model.
///
/// # Errors
/// All unsupported operators at once; then all nodes that cannot be read, but for those that depend on them.
pub fn import(model: &Model, name: &str, dimensions: &Dimensions) -> Result<Imported, Error> {
    unsupported(model)?;
    let mut notes = vec![];
    let mut graph = Graph::new(name);
    let mut values: HashMap<String, ValueId> = HashMap::new();
    let mut problems = vec![];
    for tensor in &model.graph.initializer {
        let constant = load::tensor(tensor, model.base.as_deref())?;
        values.insert(tensor.name().to_owned(), graph.add_constant(tensor.name(), constant));
    }
    for (name, ty) in dimensions::input_types(model, dimensions, &mut notes)? {
        let value = match dimensions.baked.get(&name) {
            Some(value) => graph.add_constant(&name, value.clone()),
            None => graph.add_input(&name, ty),
        };
        values.insert(name, value);
    }
    let room = graph.constant_bytes().saturating_mul(3).saturating_add(MAX_MADE_BYTES);
    for node in &model.graph.node {
        if let Err(problem) = import_node(model, node, &mut graph, &mut values) {
            problems.extend(problem);
        }
        if graph.constant_bytes() > room {
            problems.push(problem(model, node, too_many_constants()));
            break;
        }
    }
    if !problems.is_empty() {
        return Err(Error::Operators(problems));
    }
    for output in &model.graph.output {
        let value = values[output.name()];
        dimensions::check_output(model, output, graph.ty(value), &mut notes);
        graph.add_output(output.name(), value);
    }
    Ok(Imported { graph, notes })
}

/// The operator's name with its domain, unless that is ONNX's own.
pub fn full_name(node: &NodeProto) -> String {
    match node.domain() {
        "" | "ai.onnx" => node.op_type().to_owned(),
        domain => format!("{domain}.{}", node.op_type()),
    }
}

fn unsupported(model: &Model) -> Result<(), Error> {
    let missing = model
        .graph
        .node
        .iter()
        .filter(|n| ops::find(n.domain(), n.op_type()).is_none());
    let problems: Vec<_> = missing
        .map(|node| {
            let error = match ops::refusal(node.op_type()) {
                Some(refusal) => op_error(refusal.message()).help(refusal.help()),
                None => op_error("this operator is not supported"),
            };
            problem(model, node, error)
        })
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Operators(problems))
    }
}

fn problem(model: &Model, node: &NodeProto, error: OpError) -> OperatorProblem {
    OperatorProblem {
        node: node.name().to_owned(),
        operator: full_name(node),
        opset: model.opset(node),
        message: error.message,
        help: error.help,
        bake: error.bake,
    }
}

fn too_many_constants() -> OpError {
    op_error("up to this node the model makes constants of more than three times the size of those that it stores")
        .help("store what they amount to, or compute it from the inputs")
}

/// `Err(None)` where the node only suffers from another's problem.
fn import_node(
    model: &Model,
    node: &NodeProto,
    graph: &mut Graph,
    values: &mut HashMap<String, ValueId>,
) -> Result<(), Option<OperatorProblem>> {
    let operator = ops::find(node.domain(), node.op_type()).ok_or(None)?;
    let mut inputs = vec![];
    for name in &node.input {
        inputs.push(if name.is_empty() {
            None
        } else {
            Some(*values.get(name).ok_or(None)?)
        });
    }
    let mut cx = NodeContext::new(graph, node, inputs, model.opset(node), model.base.as_deref());
    let outputs = (operator.read)(&mut cx).and_then(|outputs| cx.attributes.finish().map(|()| outputs));
    let outputs = outputs.map_err(|error| problem(model, node, error))?;
    for (name, value) in node.output.iter().zip(&outputs) {
        if !name.is_empty() {
            values.insert(name.clone(), *value);
        }
    }
    if let Some(name) = node.output.iter().skip(outputs.len()).find(|name| !name.is_empty()) {
        let error = op_error(format!(
            "output `{}` of this operator is not supported",
            name.escape_debug()
        ));
        let help = "outputs that only training uses are refused where something reads them";
        return Err(Some(problem(model, node, error.help(help))));
    }
    Ok(())
}
