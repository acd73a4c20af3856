//! Bounds what inlining functions may produce: a few hundred bytes of nested functions can stand for billions of nodes.

use std::mem::size_of;

use prost::Message;

use crate::front::proto::{AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto};

use super::Problem;

/// Nodes that function bodies may expand to.
const MAX_NODES: usize = 250_000;
/// Memory, roughly, that they may take.
const MAX_BYTES: usize = 256 << 20;

/// What inlining has produced so far.
#[derive(Default)]
pub(super) struct Budget {
    nodes: usize,
    bytes: usize,
}

impl Budget {
    /// Accounts for strings.
    pub(super) fn bytes(&mut self, bytes: usize) -> Result<(), Problem> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_BYTES {
            return Err(Problem::Expansion {
                what: "bytes",
                limit: MAX_BYTES,
            });
        }
        Ok(())
    }

    /// Accounts for a call of a function with this body.
    pub(super) fn nodes(&mut self, body: &[NodeProto]) -> Result<(), Problem> {
        // The call itself counts: a function without nodes takes time too.
        self.count(1)?;
        body.iter().try_for_each(|node| self.node(node))
    }

    /// Accounts for a copy of an attribute.
    pub(super) fn attribute(&mut self, attribute: &AttributeProto) -> Result<(), Problem> {
        self.bytes(attribute.encoded_len())?;
        self.parts(attribute)
    }

    fn count(&mut self, nodes: usize) -> Result<(), Problem> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(Problem::Expansion {
                what: "nodes",
                limit: MAX_NODES,
            });
        }
        Ok(())
    }

    fn node(&mut self, node: &NodeProto) -> Result<(), Problem> {
        self.count(1)?;
        self.bytes(size_of::<NodeProto>() + node.encoded_len())?;
        node.attribute.iter().try_for_each(|attribute| self.parts(attribute))
    }

    /// What an attribute takes beyond its encoding.
    fn parts(&mut self, attribute: &AttributeProto) -> Result<(), Problem> {
        self.bytes(size_of::<AttributeProto>() + attribute.tensors.len() * size_of::<TensorProto>())?;
        attribute
            .g
            .iter()
            .chain(&attribute.graphs)
            .try_for_each(|graph| self.graph(graph))
    }

    fn graph(&mut self, graph: &GraphProto) -> Result<(), Problem> {
        let values = graph.input.len() + graph.output.len() + graph.value_info.len();
        self.bytes(values * size_of::<ValueInfoProto>() + graph.initializer.len() * size_of::<TensorProto>())?;
        graph.node.iter().try_for_each(|node| self.node(node))
    }
}
