//! One node of a model and what its operator's reader may do with it: attributes, operands, and adding primitives.

mod attributes;
mod context;
mod item;
mod names;
mod operator;
mod refusal;
mod scope;

pub use attributes::Attributes;
pub(in crate::front) use context::Sketch;
pub use context::{Input, NodeContext};
pub use item::{Item, Sequence};
pub use operator::{Domain, OperatorDef};
pub use refusal::Refusal;
pub(super) use scope::{Made, Scope};

use crate::error::OperatorProblem;
use crate::front::load::Model;
use crate::front::proto::NodeProto;
use crate::ir::{OpError, op_error};
use crate::words::quoted;

/// The operator's name with its domain, unless that is ONNX's own.
pub fn full_name(node: &NodeProto) -> String {
    match node.domain() {
        "" | "ai.onnx" => node.op_type().to_owned(),
        domain => format!("{domain}.{}", node.op_type()),
    }
}

/// Reads nodes in order; gives the problems of all that cannot be read.
pub(super) fn read_nodes(
    model: &Model,
    nodes: &[NodeProto],
    made: &mut Made,
    scope: &mut Scope<'_>,
) -> Vec<OperatorProblem> {
    let mut problems = vec![];
    for node in nodes {
        let read = import_node(model, node, made, scope);
        let is_full = made.graph.constant_bytes() > made.room;
        match read {
            Err(found) => problems.extend(found),
            Ok(()) if is_full => problems.push(problem(model, node, too_many_constants())),
            Ok(()) => {}
        }
        if is_full {
            break;
        }
    }
    problems
}

/// The problem of an operator that is not in the list: refused for `refusal`, or not known.
pub(in crate::front) fn unknown(model: &Model, node: &NodeProto, refusal: Option<Refusal>) -> OperatorProblem {
    let error = match refusal {
        Some(Refusal::DataDependentShape) => {
            op_error(Refusal::DataDependentShape.message()).help(end_before(model, node))
        }
        Some(refusal) => op_error(refusal.message()).help(refusal.help()),
        None => op_error("this operator is not supported"),
    };
    problem(model, node, error)
}

/// Advice to end the model before a node, with the names of the tensors that it computes for it.
pub(in crate::front) fn end_before(model: &Model, node: &NodeProto) -> String {
    let names = computed_for(model, node);
    let outputs = if names.is_empty() {
        "NAME,..".to_owned()
    } else {
        quoted(&names.join(","))
    };
    format!("end the model before this operator with --outputs {outputs} and do it in the program around the model")
}

/// What the nodes of the outermost graph compute for a node.
pub(in crate::front) fn computed_for<'a>(model: &Model, node: &'a NodeProto) -> Vec<&'a str> {
    let computed = |name: &&str| {
        let gives = |node: &NodeProto| node.op_type() != "Constant" && node.output.iter().any(|output| output == name);
        model.graph.node.iter().any(gives)
    };
    node.input.iter().map(String::as_str).filter(computed).collect()
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
    let operator = (made.find)(node.domain(), node.op_type());
    let operator = operator.map_err(|refusal| vec![unknown(model, node, refusal)])?;
    let mut inputs = vec![];
    for name in &node.input {
        inputs.push(if name.is_empty() {
            None
        } else {
            Some(scope.find(name).ok_or_else(Vec::new)?)
        });
    }
    if let Some(error) = names::refused(operator, &inputs, made) {
        return Err(vec![problem(model, node, error)]);
    }
    let carried = names::carried(operator, &inputs, made);
    let mut cx = NodeContext::new(model, node, inputs, made, scope);
    if operator.domain == Domain::Onnx && cx.opset() < 6 {
        // Which operands may be overwritten: the planner's own affair.
        cx.attributes.ignore("consumed_inputs");
    }
    let outputs = (operator.read)(&mut cx).and_then(|outputs| cx.attributes.finish().map(|()| outputs));
    let outputs = outputs.map(|outputs| {
        let tensors = || outputs.into_iter().map(Item::Tensor).collect();
        cx.take_given().unwrap_or_else(tensors)
    });
    let inner = cx.into_problems();
    let outputs = outputs.map_err(|error| inner.unwrap_or_else(|| vec![problem(model, node, error)]))?;
    if let (Some(labels), Some(Item::Tensor(output))) = (carried, outputs.first()) {
        made.labels.insert(*output, labels);
    }
    let given = outputs.len();
    for (name, item) in node.output.iter().zip(outputs) {
        if !name.is_empty() {
            scope.insert_item(name, item);
        }
    }
    if let Some(name) = node.output.iter().skip(given).find(|name| !name.is_empty()) {
        let error = op_error(format!(
            "output `{}` of this operator is not supported",
            name.escape_debug()
        ));
        let help = "outputs that only training uses are refused where something reads them";
        return Err(vec![problem(model, node, error.help(help))]);
    }
    Ok(())
}
