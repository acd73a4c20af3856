//! The model's file, with other numbers in it: everything that is not changed stays as it was.

use crate::compiler::Compiler;
use crate::error::Error;
use crate::front::load::{self, LoadError, Problem};
use crate::front::proto::tensor_proto::{DataLocation, DataType};
use crate::front::proto::{GraphProto, ModelProto, NodeProto, StringStringEntryProto, TensorProto};
use crate::ir::{DType, Tensor};
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Key of the model's metadata that says what was pruned, by which a file of ours is known.
const KEY: &str = "edgec.pruned";

/// A model file in memory.
#[derive(Clone, Debug)]
pub(super) struct OnnxFile {
    model: ModelProto,
    folder: Option<PathBuf>,
    /// How often each tensor is read, in the graphs inside too.
    reads: BTreeMap<String, usize>,
    names: BTreeSet<String>,
}

impl OnnxFile {
    /// Reads the model of a compiler, which has loaded it and found it to be sound.
    ///
    /// # Errors
    /// If it cannot be read any more.
    pub(super) fn read(compiler: &Compiler) -> Result<Self, Error> {
        let wrong = |error| LoadError::from(Problem::NotProtobuf(error));
        let mut file = Self {
            model: ModelProto::decode(&*compiler.bytes()?).map_err(wrong)?,
            folder: compiler.path().map(|path| load::folder_of(path).to_owned()),
            reads: BTreeMap::new(),
            names: BTreeSet::new(),
        };
        if let Some(graph) = &file.model.graph {
            note(graph, &mut file.reads, &mut file.names);
        }
        Ok(file)
    }

    fn graph(&self) -> &[NodeProto] {
        self.model.graph.as_ref().map_or(&[], |graph| &graph.node)
    }

    /// The node of this operator that gives a tensor, in the outermost graph.
    pub(super) fn node_of(&self, output: &str, operator: &str) -> Option<usize> {
        let gives = |node: &NodeProto| node.op_type() == operator && node.output.first().is_some_and(|o| o == output);
        self.graph().iter().position(gives)
    }

    /// A node.
    pub(super) fn node(&self, index: usize) -> &NodeProto {
        &self.graph()[index]
    }

    /// The nodes that read a tensor, with the position among their operands; `None` if others do too: graphs inside,
    /// or whoever takes the model's outputs.
    pub(super) fn readers(&self, name: &str) -> Option<Vec<(usize, usize)>> {
        let mut readers = vec![];
        for (index, node) in self.graph().iter().enumerate() {
            let operands = node.input.iter().enumerate().filter(|(_, input)| *input == name);
            readers.extend(operands.map(|(operand, _)| (index, operand)));
        }
        (self.reads.get(name) == Some(&readers.len())).then_some(readers)
    }

    /// The numbers of an operand that the file holds as 32-bit floats: an initializer, or a node `Constant`.
    pub(super) fn floats(&self, node: usize, operand: usize) -> Option<Tensor> {
        let name = self.node(node).input.get(operand).filter(|name| !name.is_empty())?;
        let graph = self.model.graph.as_ref()?;
        let stored = graph.initializer.iter().find(|tensor| tensor.name() == name);
        let made = || {
            let constant = |node: &&NodeProto| node.op_type() == "Constant" && node.output.first() == Some(name);
            let value = graph.node.iter().find(constant)?.attribute.first()?;
            value.t.as_ref()
        };
        let tensor = load::tensor(stored.or_else(made)?, self.folder.as_deref()).ok()?;
        (tensor.dtype == DType::F32).then_some(tensor)
    }

    /// Gives an operand of a node other numbers. Where something else reads the same tensor, or where it is no
    /// initializer, the node gets one of its own.
    pub(super) fn set(&mut self, node: usize, operand: usize, shape: &[usize], values: &[f32]) {
        let old = self.node(node).input.get(operand).cloned().unwrap_or_default();
        let alone = self.reads.get(&old) == Some(&1);
        let base = if old.is_empty() {
            format!("{}_pruned", self.node(node).output.first().map_or("", String::as_str))
        } else {
            format!("{old}_pruned")
        };
        let stored = |graph: &GraphProto| graph.initializer.iter().position(|tensor| tensor.name() == old);
        let place = self.model.graph.as_ref().and_then(stored).filter(|_| alone);
        let name = if place.is_some() {
            old.clone()
        } else {
            self.fresh(&base)
        };
        let tensor = floats(&name, shape, values);
        let Some(graph) = &mut self.model.graph else { return };
        match place {
            Some(place) => graph.initializer[place] = tensor,
            None => {
                graph.initializer.push(tensor);
                let inputs = &mut graph.node[node].input;
                inputs.resize(inputs.len().max(operand + 1), String::new());
                inputs[operand].clone_from(&name);
                self.reads.entry(old).and_modify(|count| *count -= 1);
                self.reads.insert(name, 1);
            }
        }
    }

    /// Adds numbers along the last axis of what a node gives, by a node `Add` after it. Gives the new name of what the
    /// node itself gives.
    pub(super) fn add_after(&mut self, node: usize, values: &[f32]) -> String {
        let output = self.node(node).output.first().cloned().unwrap_or_default();
        let (sums, bias) = (
            self.fresh(&format!("{output}_sums")),
            self.fresh(&format!("{output}_bias")),
        );
        let Some(graph) = &mut self.model.graph else {
            return sums;
        };
        graph.initializer.push(floats(&bias, &[values.len()], values));
        // Nodes without a name are named after their places, which move.
        for (index, node) in graph.node.iter_mut().enumerate() {
            if node.name().is_empty() {
                node.name = Some(format!("{}_{index}", node.op_type()));
            }
        }
        graph.node[node].output[0].clone_from(&sums);
        let domain = graph.node[node].domain.clone();
        let add = NodeProto {
            op_type: Some("Add".into()),
            domain,
            name: Some(format!("{}_bias", graph.node[node].name())),
            input: vec![sums.clone(), bias.clone()],
            output: vec![output],
            ..NodeProto::default()
        };
        graph.node.insert(node + 1, add);
        self.reads.extend([(sums.clone(), 1), (bias, 1)]);
        sums
    }

    /// Notes what was done in the model's metadata, after what was done before.
    pub(super) fn note(&mut self, what: &str) {
        let entries = &mut self.model.metadata_props;
        let earlier = entries.iter().find(|entry| entry.key() == KEY);
        let value = earlier.map_or_else(|| what.to_owned(), |earlier| format!("{}; {what}", earlier.value()));
        entries.retain(|entry| entry.key() != KEY);
        entries.push(StringStringEntryProto {
            key: Some(KEY.into()),
            value: Some(value),
        });
    }

    /// Whether an operator `Add` of the model broadcasts by itself: before opset 7 it has to be told.
    pub(super) fn adds_broadcast(&self) -> bool {
        let mut opsets = self.model.opset_import.iter();
        opsets.any(|opset| opset.domain().is_empty() && opset.version() >= 7)
    }

    /// The bytes of the file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.model.encode_to_vec()
    }

    fn fresh(&mut self, base: &str) -> String {
        let numbered = (2_usize..).map(|number| format!("{base}_{number}"));
        let mut names = std::iter::once(base.to_owned()).chain(numbered);
        let name = names.find(|name| !self.names.contains(name)).unwrap_or_default();
        self.names.insert(name.clone());
        name
    }
}

/// Whether a file is a model that was pruned here.
pub(super) fn is_pruned(path: &Path) -> bool {
    let model = std::fs::read(path)
        .ok()
        .and_then(|bytes| ModelProto::decode(&*bytes).ok());
    model.is_some_and(|model| model.metadata_props.iter().any(|entry| entry.key() == KEY))
}

fn floats(name: &str, shape: &[usize], values: &[f32]) -> TensorProto {
    TensorProto {
        name: Some(name.into()),
        dims: shape.iter().map(|size| *size as i64).collect(),
        data_type: Some(DataType::Float as i32),
        data_location: Some(DataLocation::Default as i32),
        raw_data: Some(values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        ..TensorProto::default()
    }
}

/// Counts what a graph reads, and collects the names of its tensors, those of the graphs inside too.
fn note(graph: &GraphProto, reads: &mut BTreeMap<String, usize>, names: &mut BTreeSet<String>) {
    let ports = graph.input.iter().chain(&graph.output).map(|port| port.name());
    names.extend(
        ports
            .chain(graph.initializer.iter().map(|tensor| tensor.name()))
            .map(str::to_owned),
    );
    let mut read = |name: &str| *reads.entry(name.to_owned()).or_default() += 1;
    graph.output.iter().for_each(|port| read(port.name()));
    for node in &graph.node {
        names.extend(node.input.iter().chain(&node.output).cloned());
        node.input.iter().for_each(|input| read(input));
    }
    for attribute in graph.node.iter().flat_map(|node| &node.attribute) {
        let inside = attribute.g.iter().chain(&attribute.graphs);
        inside.for_each(|graph| note(graph, reads, names));
    }
}
