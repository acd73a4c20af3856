//! `Model` -> `Graph`: shapes pinned, each node read by its operator, shape arithmetic folded away.

mod dimensions;
mod expression;
mod numbers;
mod parts;
mod states;
mod trainable;

pub use dimensions::{Dimensions, OpenDimension, open_dimensions};
pub use states::bind_states;
pub use trainable::trainable;

use crate::Error;
use crate::error::OperatorProblem;
use crate::front::load::{self, Model};
use crate::front::node::{Made, Scope, computed_for, end_before, read_nodes, unknown};
use crate::front::ops;
use crate::front::proto::{GraphProto, NodeProto, TensorProto};
use crate::ir::{Classes, Graph, Labels, Remark, RemarkKind, Tensor};
use prost::Message;

/// Constants that reading may make on top of twice those that the model stores, in bytes.
const MAX_MADE_BYTES: usize = 1 << 27;

/// A model as a graph, and what the user should know of how it was read.
#[derive(Debug)]
pub struct Imported {
    /// The graph.
    pub graph: Graph,
    /// Remarks such as dimensions that took a default.
    pub remarks: Vec<Remark>,
}

/// Reads a model.
///
/// # Errors
/// All unsupported operators at once; then all nodes that cannot be read, except those that depend on them.
pub fn import(model: &Model, name: &str, dimensions: &Dimensions) -> Result<Imported, Error> {
    unsupported(model)?;
    let dimensions = &numbers::as_tensors(model, dimensions)?;
    let mut remarks = vec![];
    let mut graph = Graph::new(name);
    let mut scope = Scope::outermost();
    let mut texts = vec![];
    let mut shared = load::SharedBytes::default();
    for tensor in &model.graph.initializer {
        let names = load::texts(tensor);
        let constant = match &names {
            Some(names) => places(names, tensor),
            None => load::shared_tensor(tensor, model.base.as_deref(), &mut shared)?,
        };
        let value = match dimensions.trained.get(tensor.name()) {
            Some(part) => {
                let initial = dimensions.init.tensor(tensor.name(), *part, constant)?;
                graph.add_state(tensor.name(), initial, true)
            }
            None => graph.add_constant(tensor.name(), constant),
        };
        texts.extend(names.map(|names| (value, names)));
        scope.insert(tensor.name(), value);
    }
    drop(shared);
    for (name, ty) in dimensions::input_types(model, dimensions, &mut remarks)? {
        let value = match dimensions.baked.get(&name) {
            Some(value) => graph.add_constant(&name, value.clone()),
            None => graph.add_input(&name, ty),
        };
        scope.insert(&name, value);
    }
    // Tensors may be in files of their own.
    graph.set_stored_bytes(graph.constant_bytes().max(model.graph.encoded_len()));
    let room = graph.constant_bytes().saturating_mul(3).saturating_add(MAX_MADE_BYTES);
    let mut made = Made::new(graph, room, dimensions.max_trips, ops::look_up);
    for (value, names) in texts {
        let labels = Labels {
            classes: Classes::Names(names),
            of_columns: false,
        };
        made.labels.insert(value, labels);
    }
    let problems = read_nodes(model, &model.graph.node, &mut made, &mut scope);
    if !problems.is_empty() {
        return Err(Error::Operators(problems));
    }
    let (mut graph, labels) = (made.graph, made.labels);
    for output in &model.graph.output {
        let item = scope.find(output.name()).expect("every node was read");
        let Some(value) = item.tensor() else {
            return Err(Error::usage(
                format!("output `{}` is a sequence", output.name().escape_debug()),
                "let the model give its tensors, each as an output: --outputs takes their names",
            ));
        };
        dimensions::check_output(model, output, graph.ty(value), &mut remarks);
        graph.add_output(output.name(), value);
        if let Some(labels) = labels.get(&value) {
            if !labels.of_columns {
                let reason = "is strings in the model and integers here, whose names are in the emitted file";
                remarks.push(Remark::on(RemarkKind::Labels, output.name(), reason));
            }
            graph.labels.insert(output.name().to_owned(), labels.clone());
        }
    }
    Ok(Imported { graph, remarks })
}

/// For strings that the model stores, their places among themselves.
fn places(names: &[String], tensor: &TensorProto) -> Tensor {
    let places: Vec<i64> = (0..names.len() as i64).collect();
    let shape: Vec<usize> = tensor.dims.iter().map(|dim| *dim as usize).collect();
    Tensor::i64(&shape, &places)
}

/// All operators that are not known, unless all of them are in branches, which may turn out not to be taken.
fn unsupported(model: &Model) -> Result<(), Error> {
    let mut problems = vec![];
    let mut certain = false;
    let mut first = None;
    visit_nodes(&model.graph, false, &mut |node, in_branch| {
        if let Err(refusal) = ops::look_up(node.domain(), node.op_type()) {
            problems.push(unknown(model, node, refusal));
            first.get_or_insert(node);
            certain |= !in_branch;
        }
    });
    if certain {
        // Of the first only: what follows it goes with it. A model cannot end inside a body.
        if let (Some(node), Some(problem @ OperatorProblem { help: None, .. })) = (first, problems.first_mut())
            && model.graph.node.as_ptr_range().contains(&std::ptr::from_ref(node))
            && !computed_for(model, node).is_empty()
        {
            let before = end_before(model, node);
            problem.help = Some(format!("if it is no more than post-processing, {before}"));
        }
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
