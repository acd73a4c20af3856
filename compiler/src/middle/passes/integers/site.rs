//! What a `QuantizeLinear` quantises: an operator, and limits of its result.

use super::super::rewrite::{input, origins};
use super::operands::is_activation;
use crate::ir::linear::Linear;
use crate::ir::primitives::{Binary, Map, Quantization, QuantizeLinear, ScaleShift};
use crate::ir::{Graph, Node, NodeId, OpError, Operator, ValueId};
use runtime_core::function::AnyFunction;

/// A place where an operator in integers may stand.
pub(super) struct Site {
    /// The `QuantizeLinear`.
    pub(super) quantize: NodeId,
    /// How its integers stand for numbers.
    pub(super) to: Quantization,
    /// The least and the greatest integer, where `Relu` or `Clip` lies between.
    pub(super) limits: (i32, i32),
    /// The operator before.
    pub(super) core: NodeId,
    /// The operator's result.
    pub(super) value: ValueId,
    /// The operator and the limits after it, in order.
    pub(super) nodes: Vec<NodeId>,
}

impl Site {
    /// `None` if the integers are not of `i8` or `i16` and of one scale, or stand for an input of the model or a
    /// constant.
    pub(super) fn find(graph: &Graph, quantize: NodeId) -> Option<Self> {
        let node = graph.node(quantize);
        let to = node.op::<QuantizeLinear>()?.to.clone();
        let (scale, zero) = to.single().filter(|_| is_activation(&to))?;
        let range = Quantization::range(to.dtype)?;
        let mut value = input(node, 0)?;
        // The last function was applied last: its limits hold whatever those before are.
        let (mut clips, mut nodes) = (vec![], vec![]);
        while let Some(clip) = graph.producer(value).op::<Map>().and_then(|map| clip(map.function)) {
            graph.only_user(value)?;
            clips.push(clip);
            nodes.push(graph.value(value).producer);
            value = input(graph.producer(value), 0)?;
        }
        let core = graph.value(value).producer;
        graph.node(core).operator()?;
        nodes.push(core);
        nodes.reverse();
        clips.extend(fused(graph.node(core)).and_then(clip));
        let mut limits = (i32::MIN, i32::MAX);
        for [min, max] in clips.into_iter().rev() {
            let within = |bound: i32| bound.max(quantised(min, scale, zero)).min(quantised(max, scale, zero));
            limits = (within(limits.0), within(limits.1));
        }
        let limits = (limits.0.clamp(range.0, range.1), limits.1.clamp(range.0, range.1));
        Some(Self {
            quantize,
            to,
            limits,
            core,
            value,
            nodes,
        })
    }

    /// Adds the operator in integers, in the name of `nodes`, whose first names it.
    pub(super) fn put(
        &self,
        graph: &mut Graph,
        nodes: &[NodeId],
        operator: impl Into<Box<dyn Operator>>,
        inputs: &[ValueId],
    ) -> Result<ValueId, OpError> {
        let name = graph.node(nodes[0]).name.clone();
        let origin = origins(graph, nodes);
        let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
        let node = graph.add(name, operator, &inputs, &origin)?;
        Ok(graph.node(node).outputs[0])
    }

    /// Whether only this `QuantizeLinear` reads the operator's result.
    pub(super) fn is_private(&self, graph: &Graph) -> bool {
        graph.only_user(self.value).is_some()
    }
}

/// The least and the greatest result of a function that is the identity between them.
fn clip(function: AnyFunction) -> Option<[f32; 2]> {
    match function {
        AnyFunction::Identity(_) => Some([f32::NEG_INFINITY, f32::INFINITY]),
        AnyFunction::Relu(_) => Some([0.0, f32::INFINITY]),
        AnyFunction::Clip(clip) => Some([clip.min, clip.max]),
        _ => None,
    }
}

/// The integer of a bound, as `QuantizeLinear` rounds it.
fn quantised(bound: f32, scale: f32, zero: i32) -> i32 {
    ((bound / scale).round_ties_even() as i32).saturating_add(zero)
}

/// The function of its result that an operator applies itself.
pub(super) fn fused(node: &Node) -> Option<AnyFunction> {
    if let Some(layer) = Linear::of(node) {
        return layer.function();
    }
    if let Some(affine) = node.op::<ScaleShift>() {
        return Some(affine.activation);
    }
    node.op::<Binary>().map(|binary| binary.activation)
}

/// Whether an operator applies no function but limits, which the site has.
pub(super) fn is_clipped(node: &Node) -> bool {
    fused(node).is_none_or(|function| clip(function).is_some())
}
