//! `Model` -> `Graph`: shapes pinned, each node read by its operator, shape arithmetic folded away.

mod attributes;
mod context;
mod dimensions;
mod scope;

pub use attributes::Attributes;
pub use context::NodeContext;
pub use dimensions::{Dimensions, OpenDimension, open_dimensions};

use crate::Error;
use crate::error::OperatorProblem;
use crate::front::load::{self, Model};
use crate::front::ops;
use crate::front::proto::{GraphProto, NodeProto};
use crate::ir::{Graph, OpError, op_error};
use scope::{Made, Scope, read_nodes};
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
    let mut scope = Scope::outermost();
    for tensor in &model.graph.initializer {
        let constant = load::tensor(tensor, model.base.as_deref())?;
        scope.insert(tensor.name(), graph.add_constant(tensor.name(), constant));
    }
    for (name, ty) in dimensions::input_types(model, dimensions, &mut notes)? {
        let value = match dimensions.baked.get(&name) {
            Some(value) => graph.add_constant(&name, value.clone()),
            None => graph.add_input(&name, ty),
        };
        scope.insert(&name, value);
    }
    let room = graph.constant_bytes().saturating_mul(3).saturating_add(MAX_MADE_BYTES);
    let mut made = Made {
        graph,
        stored: HashMap::new(),
        unrolled: 0,
        room,
    };
    let problems = read_nodes(model, &model.graph.node, &mut made, &mut scope);
    if !problems.is_empty() {
        return Err(Error::Operators(problems));
    }
    let mut graph = made.graph;
    for output in &model.graph.output {
        let value = scope.find(output.name()).expect("every node was read");
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

/// All operators that are not known, unless all of them are in branches, which may turn out not to be taken.
fn unsupported(model: &Model) -> Result<(), Error> {
    let mut problems = vec![];
    let mut certain = false;
    visit_nodes(&model.graph, false, &mut |node, in_branch| {
        if ops::find(node.domain(), node.op_type()).is_none() {
            problems.push(unknown(model, node));
            certain |= !in_branch;
        }
    });
    if certain {
        return Err(Error::Operators(problems));
    }
    Ok(())
}

/// Visits every node of a graph and of the graphs inside it, and says of each whether it is in a branch.
pub fn visit_nodes<'a>(graph: &'a GraphProto, in_branch: bool, visit: &mut impl FnMut(&'a NodeProto, bool)) {
    for node in &graph.node {
        visit(node, in_branch);
        let in_branch = in_branch || node.op_type() == "If";
        for attribute in &node.attribute {
            for graph in attribute.g.iter().chain(&attribute.graphs) {
                visit_nodes(graph, in_branch, visit);
            }
        }
    }
}

fn unknown(model: &Model, node: &NodeProto) -> OperatorProblem {
    let error = match ops::refusal(node.op_type()) {
        Some(refusal) => op_error(refusal.message()).help(refusal.help()),
        None => op_error("this operator is not supported"),
    };
    problem(model, node, error)
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

/// The problems are empty where the node only suffers from another's problem.
fn import_node(
    model: &Model,
    node: &NodeProto,
    made: &mut Made,
    scope: &mut Scope<'_>,
) -> Result<(), Vec<OperatorProblem>> {
    let operator = ops::find(node.domain(), node.op_type()).ok_or_else(|| vec![unknown(model, node)])?;
    let mut inputs = vec![];
    for name in &node.input {
        inputs.push(if name.is_empty() {
            None
        } else {
            Some(scope.find(name).ok_or_else(Vec::new)?)
        });
    }
    let mut cx = NodeContext::new(model, node, inputs, made, scope);
    if operator.domain == ops::Domain::Onnx && cx.opset() < 6 {
        // Which operands may be overwritten: the planner's own affair.
        cx.attributes.ignore("consumed_inputs");
    }
    let outputs = (operator.read)(&mut cx).and_then(|outputs| cx.attributes.finish().map(|()| outputs));
    let inner = cx.into_problems();
    let outputs = outputs.map_err(|error| inner.unwrap_or_else(|| vec![problem(model, node, error)]))?;
    for (name, value) in node.output.iter().zip(&outputs) {
        if !name.is_empty() {
            scope.insert(name, *value);
        }
    }
    if let Some(name) = node.output.iter().skip(outputs.len()).find(|name| !name.is_empty()) {
        let error = op_error(format!(
            "output `{}` of this operator is not supported",
            name.escape_debug()
        ));
        let help = "outputs that only training uses are refused where something reads them";
        return Err(vec![problem(model, node, error.help(help))]);
    }
    Ok(())
}
