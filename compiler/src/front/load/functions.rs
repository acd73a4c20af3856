//! Replaces calls of a model's own functions by the nodes of their bodies.
//!
//! Names in a body are made unique by the name of the calling node: `block_1/conv`. Attributes that refer to those of
//! the call take their values, or the function's defaults, or are left out. A body node whose opset differs from the
//! model's carries its version in its metadata, where [`super::Model::opset`] finds it.

use std::collections::{HashMap, HashSet};

use crate::front::proto::{AttributeProto, FunctionProto, GraphProto, NodeProto, StringStringEntryProto};

use super::names::{self, Names};
use super::versions::{self, Opsets};
use super::{LoadError, OPSET_KEY, Problem, expansion::Budget};

/// Calls and subgraphs inside each other.
const MAX_DEPTH: usize = 48;

/// Inlines every call in `graph` and the graphs inside it.
pub(super) fn inline(graph: &mut GraphProto, functions: Vec<FunctionProto>, opsets: &Opsets) -> Result<(), LoadError> {
    let table = table(functions)?;
    let mut values = Names::default();
    take_values(graph, &mut values);
    let mut inliner = Inliner {
        table: &table,
        opsets,
        values,
        budget: Budget::default(),
        stack: Vec::new(),
    };
    Ok(inliner.graph(graph, None, 0)?)
}

/// Domain, name and overload: what a call refers to.
type Key = (String, String, String);

struct Function {
    /// For people.
    name: String,
    proto: FunctionProto,
    opsets: Opsets,
}

/// The functions by what calls them.
fn table(functions: Vec<FunctionProto>) -> Result<HashMap<Key, Function>, LoadError> {
    let mut table = HashMap::new();
    let mut problems = Vec::new();
    for mut proto in functions {
        let domain = versions::domain(proto.domain()).to_owned();
        let mut name = format!("{}::{}", versions::shown(&domain), proto.name());
        if !proto.overload().is_empty() {
            name = format!("{name}:{}", proto.overload());
        }
        names::normalise_nodes(&mut proto.node);
        let opsets = versions::of_imports(&proto.opset_import, &format!("the function `{name}`"), &mut problems);
        let produced: HashSet<&String> = proto.node.iter().flat_map(|n| &n.output).chain(&proto.input).collect();
        for tensor in proto.output.iter().filter(|output| !produced.contains(output)) {
            problems.push(Problem::FunctionOutput {
                function: name.clone(),
                tensor: tensor.clone(),
            });
        }
        let key = (domain, proto.name().to_owned(), proto.overload().to_owned());
        let function = Function { name, proto, opsets };
        if let Some(first) = table.insert(key, function) {
            problems.push(Problem::FunctionTwice { function: first.name });
        }
    }
    LoadError::unless_empty(problems)?;
    Ok(table)
}

/// Takes the names of a graph's tensors, and of those inside it, out of use.
fn take_values(graph: &GraphProto, values: &mut Names) {
    graph.input.iter().for_each(|input| values.take(input.name()));
    graph
        .initializer
        .iter()
        .for_each(|initializer| values.take(initializer.name()));
    for node in &graph.node {
        node.output.iter().for_each(|name| values.take(name));
        names::subgraphs(node).for_each(|inner| take_values(inner, values));
    }
}

/// One call being expanded.
struct Frame<'a> {
    function: &'a Function,
    /// The attributes of the call.
    given: Vec<AttributeProto>,
    /// Goes before every name of the body.
    prefix: String,
    /// New names of the body's tensors; further scopes are those of subgraphs, innermost last.
    scopes: Vec<HashMap<String, String>>,
}

struct Inliner<'a> {
    table: &'a HashMap<Key, Function>,
    opsets: &'a Opsets,
    /// Names of tensors in use anywhere.
    values: Names,
    budget: Budget,
    /// The functions being expanded.
    stack: Vec<&'a str>,
}

impl<'a> Inliner<'a> {
    /// Inlines the calls of a graph; `frame` is the call that the graph is part of the body of.
    fn graph(
        &mut self,
        graph: &mut GraphProto,
        mut frame: Option<&mut Frame<'a>>,
        depth: usize,
    ) -> Result<(), Problem> {
        if let Some(frame) = frame.as_deref_mut() {
            self.open(graph, frame)?;
        }
        let nodes = std::mem::take(&mut graph.node);
        self.nodes(nodes, frame.as_deref_mut(), depth, &mut graph.node)?;
        if let Some(frame) = frame {
            for output in &mut graph.output {
                output.name = Some(self.renamed(output.name(), frame)?);
            }
            frame.scopes.pop();
        }
        Ok(())
    }

    /// Opens the scope of a subgraph of a body: its own tensors get new names, and may hide those around it.
    fn open(&mut self, graph: &mut GraphProto, frame: &mut Frame<'a>) -> Result<(), Problem> {
        let inputs = graph.input.iter_mut().map(|input| &mut input.name);
        let initializers = graph.initializer.iter_mut().map(|initializer| &mut initializer.name);
        let mut scope = HashMap::new();
        for name in inputs.chain(initializers).flatten().filter(|name| !name.is_empty()) {
            if !scope.contains_key(name) {
                scope.insert(name.clone(), self.fresh(&frame.prefix, name)?);
            }
            *name = scope[name].clone();
        }
        for name in graph
            .node
            .iter()
            .flat_map(|node| &node.output)
            .filter(|name| !name.is_empty())
        {
            if !scope.contains_key(name) {
                scope.insert(name.clone(), self.fresh(&frame.prefix, name)?);
            }
        }
        // They go by the old names; shapes and types are inferred anyway.
        graph.value_info.clear();
        graph.quantization_annotation.clear();
        frame.scopes.push(scope);
        Ok(())
    }

    /// Appends `nodes` to `out`, each call replaced.
    fn nodes(
        &mut self,
        nodes: Vec<NodeProto>,
        mut frame: Option<&mut Frame<'a>>,
        depth: usize,
        out: &mut Vec<NodeProto>,
    ) -> Result<(), Problem> {
        for mut node in nodes {
            if depth > MAX_DEPTH {
                return Err(Problem::TooDeep {
                    node: node.name().to_owned(),
                    limit: MAX_DEPTH,
                });
            }
            if let Some(frame) = frame.as_deref_mut() {
                self.adopt(&mut node, frame)?;
            }
            for mut attribute in std::mem::take(&mut node.attribute) {
                let mut scope = frame.as_deref_mut();
                if let Some(called) = scope.take_if(|_| !attribute.ref_attr_name().is_empty()) {
                    let Some((value, of_call)) = self.resolve(&attribute, called)? else {
                        continue;
                    };
                    attribute = value;
                    // The graphs of the call's attributes have the names of the caller.
                    scope = (!of_call).then_some(called);
                }
                for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                    self.graph(graph, scope.as_deref_mut(), depth + 1)?;
                }
                node.attribute.push(attribute);
            }
            let key = (
                node.domain().to_owned(),
                node.op_type().to_owned(),
                node.overload().to_owned(),
            );
            match self.table.get(&key) {
                Some(function) => self.call(node, function, depth, out)?,
                None => out.push(node),
            }
        }
        Ok(())
    }

    /// Makes a node of a body one of the model: its names and its opset.
    fn adopt(&mut self, node: &mut NodeProto, frame: &mut Frame<'a>) -> Result<(), Problem> {
        let name = format!("{}{}", frame.prefix, node.name());
        self.budget.bytes(name.len())?;
        node.name = Some(name);
        for value in node.input.iter_mut().chain(&mut node.output) {
            *value = self.renamed(value, frame)?;
        }
        if let Some(version) = frame.function.opsets.get(node.domain())
            && self.opsets.get(node.domain()) != Some(version)
        {
            let (key, value) = (Some(OPSET_KEY.to_owned()), Some(version.to_string()));
            node.metadata_props.push(StringStringEntryProto { key, value });
        }
        Ok(())
    }

    /// The value of an attribute that refers to one of the function, and whether the call gave it; `None` if nobody
    /// did.
    fn resolve(
        &mut self,
        attribute: &AttributeProto,
        frame: &Frame<'a>,
    ) -> Result<Option<(AttributeProto, bool)>, Problem> {
        let named = |a: &&AttributeProto| a.name() == attribute.ref_attr_name();
        let given = frame.given.iter().find(named);
        let Some(value) = given.or_else(|| frame.function.proto.attribute_proto.iter().find(named)) else {
            return Ok(None);
        };
        self.budget.attribute(value)?;
        Ok(Some((
            AttributeProto {
                name: attribute.name.clone(),
                ..value.clone()
            },
            given.is_some(),
        )))
    }

    /// Appends the body of `function` to `out`.
    fn call(
        &mut self,
        node: NodeProto,
        function: &'a Function,
        depth: usize,
        out: &mut Vec<NodeProto>,
    ) -> Result<(), Problem> {
        if self.stack.contains(&function.name.as_str()) {
            return Err(Problem::Recursive {
                function: function.name.clone(),
            });
        }
        let proto = &function.proto;
        for (what, given, declared) in [
            ("inputs", &node.input, &proto.input),
            ("outputs", &node.output, &proto.output),
        ] {
            if given.len() > declared.len() {
                return Err(Problem::Arity {
                    node: node.name().to_owned(),
                    function: function.name.clone(),
                    what,
                    given: given.len(),
                    declared: declared.len(),
                });
            }
        }
        self.budget.nodes(&proto.node)?;

        let prefix = format!("{}/", node.name());
        let mut body: HashMap<String, String> = HashMap::new();
        for (index, input) in proto.input.iter().enumerate() {
            body.insert(input.clone(), node.input.get(index).cloned().unwrap_or_default());
        }
        // Outputs that are inputs, or one tensor twice, need a node of their own.
        let mut copies = Vec::new();
        for (output, given) in proto
            .output
            .iter()
            .zip(&node.output)
            .filter(|(_, given)| !given.is_empty())
        {
            match body.get(output) {
                Some(source) => copies.push(NodeProto {
                    name: Some(format!("{prefix}{output}")),
                    op_type: Some("Identity".to_owned()),
                    input: vec![source.clone()],
                    output: vec![given.clone()],
                    ..NodeProto::default()
                }),
                None => drop(body.insert(output.clone(), given.clone())),
            }
        }
        let mut frame = Frame {
            function,
            given: node.attribute,
            prefix,
            scopes: vec![body],
        };
        self.stack.push(&function.name);
        self.nodes(proto.node.clone(), Some(&mut frame), depth + 1, out)?;
        self.stack.pop();
        out.extend(copies);
        Ok(())
    }

    /// The new name of a body's tensor. One that the body never declares gets a new name as well, so that it cannot
    /// be mistaken for a tensor of the caller.
    fn renamed(&mut self, name: &str, frame: &mut Frame<'a>) -> Result<String, Problem> {
        if name.is_empty() {
            return Ok(String::new());
        }
        if let Some(known) = frame.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            self.budget.bytes(known.len())?;
            return Ok(known.clone());
        }
        let fresh = self.fresh(&frame.prefix, name)?;
        frame.scopes[0].insert(name.to_owned(), fresh.clone());
        Ok(fresh)
    }

    fn fresh(&mut self, prefix: &str, name: &str) -> Result<String, Problem> {
        self.budget.bytes(prefix.len() + name.len())?;
        Ok(self.values.fresh(&format!("{prefix}{name}")))
    }
}
