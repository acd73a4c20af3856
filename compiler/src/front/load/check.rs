//! The rules of a well-formed graph: every name is produced once, every name read is produced, every stored tensor is
//! as large as it says.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use crate::front::proto::{AttributeProto, GraphProto, NodeProto, TensorProto};

use super::external_data::Range;
use super::{Model, OPSET_KEY, Problem, TensorProblem, names, tensor, versions};

/// Checking stops after this many problems.
const ENOUGH: usize = 100;

/// Bytes of all tensors that are stored outside the model. What initializers of the model share is held once; each of
/// the others is read by itself.
const MAX_EXTERNAL_BYTES: u64 = 4 << 30;

/// All problems of the model's graph and those inside it, and the files that hold tensors.
pub(super) fn check(model: &Model) -> (Vec<Problem>, BTreeSet<PathBuf>) {
    let mut checker = Checker {
        model,
        problems: Vec::new(),
        files: BTreeSet::new(),
        external_bytes: 0,
        ranges: HashSet::new(),
    };
    checker.graph(&model.graph, None);
    checker.four_bits(&model.graph);
    let mut outputs = HashSet::new();
    for output in &model.graph.output {
        if !outputs.insert(output.name()) {
            checker.report(Problem::OutputTwice {
                tensor: output.name().to_owned(),
            });
        }
    }
    (checker.problems, checker.files)
}

/// The tensors a node may read: those of its graph, then those of the graphs around it.
struct Scope<'a> {
    produced: HashMap<&'a str, Producer<'a>>,
    outer: Option<&'a Scope<'a>>,
}

impl Scope<'_> {
    fn has(&self, name: &str) -> bool {
        self.produced.contains_key(name) || self.outer.is_some_and(|outer| outer.has(name))
    }
}

/// What produces a tensor.
#[derive(Clone, Copy)]
enum Producer<'a> {
    Input,
    Initializer,
    Node(&'a NodeProto),
}

impl std::fmt::Display for Producer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Producer::Input => f.write_str("a graph input"),
            Producer::Initializer => f.write_str("an initializer"),
            Producer::Node(node) => write!(f, "node `{}` ({})", node.name(), node.op_type()),
        }
    }
}

struct Checker<'a> {
    model: &'a Model,
    problems: Vec<Problem>,
    files: BTreeSet<PathBuf>,
    external_bytes: u64,
    ranges: HashSet<Range>,
}

impl<'a> Checker<'a> {
    fn report(&mut self, problem: Problem) {
        if self.problems.len() < ENOUGH {
            self.problems.push(problem);
        }
    }

    fn graph(&mut self, graph: &'a GraphProto, outer: Option<&Scope<'_>>) {
        let scope = Scope {
            produced: self.producers(graph, outer.is_none()),
            outer,
        };
        for node in &graph.node {
            self.node(node);
            for name in node.input.iter().filter(|name| !name.is_empty() && !scope.has(name)) {
                self.report(Problem::NotProduced {
                    node: node.name().to_owned(),
                    op: node.op_type().to_owned(),
                    tensor: name.clone(),
                });
            }
            names::subgraphs(node).for_each(|inner| self.graph(inner, Some(&scope)));
        }
        for (index, output) in graph.output.iter().enumerate() {
            if output.name().is_empty() {
                self.unnamed("output", index, graph);
            } else if !scope.has(output.name()) {
                let (graph, tensor) = (graph.name().to_owned(), output.name().to_owned());
                self.report(Problem::OutputNotProduced { graph, tensor });
            }
        }
    }

    /// Every tensor of a graph with what produces it; `shares` as for [`tensor`](Self::tensor).
    fn producers(&mut self, graph: &'a GraphProto, shares: bool) -> HashMap<&'a str, Producer<'a>> {
        let mut produced = HashMap::new();
        for (index, input) in graph.input.iter().enumerate() {
            match input.name() {
                "" => self.unnamed("input", index, graph),
                name => self.produce(&mut produced, name, Producer::Input),
            }
        }
        for (index, initializer) in graph.initializer.iter().enumerate() {
            match initializer.name() {
                "" => self.unnamed("initializer", index, graph),
                // An initializer of the same name is the default value of an input.
                name if matches!(produced.get(name), Some(Producer::Input)) => {
                    produced.insert(name, Producer::Initializer);
                }
                name => self.produce(&mut produced, name, Producer::Initializer),
            }
            self.tensor(initializer, shares, || initializer.name().to_owned());
        }
        for sparse in &graph.sparse_initializer {
            let tensor = sparse.values.as_ref().map_or("", |values| values.name()).to_owned();
            self.report(Problem::Sparse { tensor });
        }
        for node in &graph.node {
            for name in node.output.iter().filter(|name| !name.is_empty()) {
                self.produce(&mut produced, name, Producer::Node(node));
            }
        }
        produced
    }

    fn produce(&mut self, produced: &mut HashMap<&'a str, Producer<'a>>, name: &'a str, by: Producer<'a>) {
        if let Some(first) = produced.insert(name, by) {
            let (first, second) = (first.to_string(), by.to_string());
            self.report(Problem::ProducedTwice {
                tensor: name.to_owned(),
                first,
                second,
            });
        }
    }

    fn node(&mut self, node: &'a NodeProto) {
        if node.op_type().is_empty() {
            self.report(Problem::NoOperator {
                node: node.name().to_owned(),
            });
        }
        let imported = self.model.opsets.contains_key(node.domain());
        if !imported && !node.metadata_props.iter().any(|entry| entry.key() == OPSET_KEY) {
            self.report(Problem::NoOpset {
                node: node.name().to_owned(),
                op: node.op_type().to_owned(),
                domain: versions::shown(node.domain()).to_owned(),
            });
        }
        for attribute in &node.attribute {
            self.attribute(node, attribute);
        }
    }

    fn attribute(&mut self, node: &NodeProto, attribute: &AttributeProto) {
        if !attribute.ref_attr_name().is_empty() {
            self.report(Problem::StrayReference {
                node: node.name().to_owned(),
                attribute: attribute.name().to_owned(),
                target: attribute.ref_attr_name().to_owned(),
            });
        }
        for stored in attribute.t.iter().chain(&attribute.tensors) {
            self.tensor(stored, false, || format!("{}.{}", node.name(), attribute.name()));
        }
    }

    /// `shares` says whether the tensor is read once if others are the same bytes of a file.
    fn tensor(&mut self, stored: &TensorProto, shares: bool, name: impl Fn() -> String) {
        if tensor::texts(stored).is_some() {
            return;
        }
        let reason = match tensor::check(stored, self.model.base.as_deref()) {
            Ok(None) => return,
            Ok(Some(range)) => {
                self.files.insert(range.path.clone());
                let bytes = range.len as u64;
                if !shares || self.ranges.insert(range) {
                    self.external_bytes = self.external_bytes.saturating_add(bytes);
                }
                if self.external_bytes <= MAX_EXTERNAL_BYTES {
                    return;
                }
                TensorProblem::ExternalTotal(MAX_EXTERNAL_BYTES)
            }
            Err(reason) => reason,
        };
        self.report(Problem::Tensor { tensor: name(), reason });
    }

    /// Reports what reads tensors of 4 bits and would take them for wider ones: all but what makes floats of them.
    fn four_bits(&mut self, graph: &'a GraphProto) {
        let is_narrow = |stored: &&TensorProto| tensor::widened(stored.data_type()).is_some();
        let stored = graph.initializer.iter().filter(is_narrow).map(|stored| stored.name());
        let value = |node: &'a NodeProto| {
            let is_constant =
                node.op_type() == "Constant" && node.attribute.iter().any(|a| a.t.iter().any(|t| is_narrow(&t)));
            node.output.first().filter(|_| is_constant).map(String::as_str)
        };
        let narrow: HashSet<&str> = stored.chain(graph.node.iter().filter_map(value)).collect();
        if !narrow.is_empty() {
            self.readers(graph, &narrow);
        }
        for inner in graph.node.iter().flat_map(names::subgraphs) {
            self.four_bits(inner);
        }
    }

    fn readers(&mut self, graph: &'a GraphProto, narrow: &HashSet<&str>) {
        let mut report = |tensor: &str, reader: String| {
            self.report(Problem::Tensor {
                tensor: tensor.to_owned(),
                reason: TensorProblem::FourBits(reader),
            });
        };
        for node in graph
            .node
            .iter()
            .filter(|node| !matches!(node.op_type(), "DequantizeLinear" | "Cast"))
        {
            for name in node.input.iter().filter(|name| narrow.contains(name.as_str())) {
                report(name, format!("node `{}` ({})", node.name(), node.op_type()));
            }
        }
        for output in graph.output.iter().filter(|output| narrow.contains(output.name())) {
            report(output.name(), "an output of the graph".to_owned());
        }
        for inner in graph.node.iter().flat_map(names::subgraphs) {
            self.readers(inner, narrow);
        }
    }

    fn unnamed(&mut self, what: &'static str, index: usize, graph: &GraphProto) {
        self.report(Problem::Unnamed {
            what,
            index,
            graph: graph.name().to_owned(),
        });
    }
}
