use super::Add;
use crate::ir::primitives::{
    Concat, GateOperand, Pad, PadMode, QlinearRecurrence, Recurrence, Reshape, Slice, Transpose,
};
use crate::ir::rewrite::input;
use crate::ir::{Graph, NodeId, NodeKind, OpError, Operator, Tensor, ValueId};
use runtime_core::pack::PANEL;

/// Puts the weights of recurrent layers, and what else they have for each gate and unit, in the order in which their
/// kernels read it: sixteen units of every gate together. `add` adds the operators that do so, and may compute those of
/// constants.
pub(crate) fn gate_panels(graph: &mut Graph, add: Add) -> Result<(), OpError> {
    for id in graph.order() {
        let Some((operator, operands)) = packed(graph, id) else {
            continue;
        };
        for operand in operands {
            if let Some(value) = input(graph.node(id), operand.index) {
                let builder = Builder { graph, node: id, add };
                let packed = builder.packed(value, &operand)?;
                graph.set_input(id, operand.index, packed);
            }
        }
        graph.node_mut(id).kind = NodeKind::Operator(operator);
    }
    Ok(())
}

/// The layer with its operands packed, and those that are not yet; nothing if the node is no such layer.
fn packed(graph: &Graph, id: NodeId) -> Option<(Box<dyn Operator>, Vec<GateOperand>)> {
    let node = graph.node(id);
    if let Some(layer) = node.op::<Recurrence>().filter(|layer| !layer.packed) {
        let packed = Recurrence {
            packed: true,
            ..layer.clone()
        };
        return Some((packed.into(), layer.gate_operands()));
    }
    let layer = node.op::<QlinearRecurrence>().filter(|layer| !layer.packed)?;
    let packed = QlinearRecurrence {
        packed: true,
        ..layer.clone()
    };
    Some((packed.into(), layer.gate_operands()))
}

struct Builder<'a> {
    graph: &'a mut Graph,
    node: NodeId,
    add: Add,
}

impl Builder<'_> {
    fn add(&mut self, operator: impl Into<Box<dyn Operator>>, inputs: &[ValueId]) -> Result<ValueId, OpError> {
        (self.add)(self.graph, self.node, operator.into(), inputs)
    }

    fn reshaped(&mut self, value: ValueId, shape: Vec<usize>) -> Result<ValueId, OpError> {
        if self.graph.ty(value).shape == shape {
            return Ok(value);
        }
        self.add(Reshape { shape }, &[value])
    }

    /// All blocks of an operand, flat.
    fn packed(mut self, value: ValueId, operand: &GateOperand) -> Result<ValueId, OpError> {
        let (hidden, len) = (operand.hidden, self.graph.ty(value).len());
        if let [[gates, inputs]] = operand.blocks[..] {
            return self.panels(value, [gates, hidden, inputs]);
        }
        let flat = self.reshaped(value, vec![len])?;
        let (mut parts, mut start) = (vec![], 0);
        for [gates, inputs] in operand.blocks.iter().copied() {
            let block = gates * hidden * inputs;
            let part = self.add(Slice::along(&[len], 0, start, block), &[flat])?;
            parts.push(self.panels(part, [gates, hidden, inputs])?);
            start += block;
        }
        self.add(Concat { axis: 0 }, &parts)
    }

    /// `[gates, hidden, inputs]` as `[panels, inputs, gates, 16]`, with units filled up by zeros, flat.
    fn panels(&mut self, value: ValueId, [gates, hidden, inputs]: [usize; 3]) -> Result<ValueId, OpError> {
        let panels = hidden.div_ceil(PANEL);
        let mut value = self.reshaped(value, vec![gates, hidden, inputs])?;
        if hidden % PANEL != 0 {
            let pad = Pad {
                begins: vec![0; 3],
                ends: vec![0, panels * PANEL - hidden, 0],
                mode: PadMode::Constant,
            };
            let dtype = self.graph.ty(value).dtype;
            let zero = Tensor::new(dtype, vec![], vec![0; dtype.size()]);
            let zero = self.graph.add_constant("zero", zero);
            value = self.add(pad, &[value, zero])?;
        }
        value = self.reshaped(value, vec![gates, panels, PANEL, inputs])?;
        let perm = vec![1, 3, 0, 2];
        value = self.add(Transpose { perm }, &[value])?;
        self.reshaped(value, vec![panels * PANEL * inputs * gates])
    }
}
