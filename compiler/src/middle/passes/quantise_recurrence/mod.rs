//! Recurrent layers in integers: 8-bit weights, 16-bit inputs of the gates and states.
//!
//! `Recurrence` becomes `QuantizeLinear` -> `QlinearRecurrence` -> `DequantizeLinear`. The scale of the gates' input
//! comes from its greatest magnitude, that of a cell's state from what a [`CellObserver`] saw; hidden states lie
//! between -1 and 1.

mod cell;
mod cell_observer;
mod gates;
#[cfg(test)]
mod tests;

pub use cell_observer::CellObserver;

use super::rewrite::{add, input, reshaped};
use crate::ir::primitives::{
    DequantizeLinear, QlinearCell, QlinearRecurrence, Quantization, QuantizeLinear, Recurrence, RecurrentCell,
};
use crate::ir::{DType, Graph, NodeId, OpError, Tensor, ValueId};
use cell::{HIDDEN_FRACTION, cell, cell_fraction};
use gates::Gates;

/// How large the numbers of a recurrent layer become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecurrenceRanges {
    /// Greatest magnitude of the gates' inputs, operand 0 of the layer.
    pub gates: f32,
    /// Greatest magnitude of the first hidden states, operand 1 of the layer.
    pub hidden: f32,
    /// Greatest magnitude of the state of an `LSTM`'s cells. Without one they saturate at 16, or where they cannot come
    /// to in the layer's steps.
    pub cell: Option<f32>,
}

/// Where cells' states saturate whose range is not known.
const UNKNOWN_CELL: f32 = 16.0;
/// Room above the greatest state of a cell that was seen.
const HEADROOM: f32 = 1.25;

/// Puts integers in the place of the `Recurrence` that `node` is. Gives warnings, or the reason why it stays as it is.
///
/// # Errors
/// An operator that does not take its operands: a fault of the compiler.
pub fn quantise_recurrence(
    graph: &mut Graph,
    node: NodeId,
    ranges: &RecurrenceRanges,
) -> Result<Result<Vec<String>, String>, OpError> {
    let Some(plan) = plan(graph, node, ranges) else {
        return Ok(Err("it is no recurrent layer whose weights are as in the model".into()));
    };
    match plan {
        Ok(plan) => plan.apply(graph, node).map(Ok),
        Err(reason) => Ok(Err(reason)),
    }
}

/// A layer in integers.
struct Plan {
    layer: QlinearRecurrence,
    /// Scale of the gates' inputs.
    input: f32,
    /// Scale of each state.
    states: Vec<f32>,
    gates: Vec<Gates>,
    warnings: Vec<String>,
}

/// The layer that stands for `node`, or why there is none; nothing if that is no recurrent layer.
fn plan(graph: &Graph, node: NodeId, ranges: &RecurrenceRanges) -> Option<Result<Plan, String>> {
    let node = graph.node(node);
    let layer = node.op::<Recurrence>().filter(|layer| !layer.packed)?;
    let operand = |index| input(node, index).map(|value| (graph.ty(value), graph.constant(value)));
    let (Some((x, _)), Some((first, known))) = (operand(0), operand(1)) else {
        return Some(Err("an operand is missing".into()));
    };
    let hidden = graph.ty(node.outputs[1]).len();
    let first_hidden = known
        .and_then(Tensor::to_f32)
        .unwrap_or_default()
        .into_iter()
        .take(hidden);
    let first_hidden = first_hidden.into_iter().map(f32::abs).fold(ranges.hidden, f32::max);
    if first_hidden > 1.0 {
        return Some(Err(format!(
            "its first hidden state reaches {first_hidden}, at most 1 is supported"
        )));
    }
    let weights: Option<Vec<Vec<f32>>> = (0..layer.directions.len())
        .map(|index| operand(OTHERS + index).and_then(|(_, weights)| weights?.to_f32()))
        .collect();
    let steps = x.shape[usize::from(layer.batch_first)];
    Some(Plan::new(layer, weights, first.is_empty().then_some(steps), ranges))
}

/// The inputs of a `Recurrence` before its weights.
const OTHERS: usize = 3;

impl Plan {
    /// `steps` are those that a cell's state grows for from zero.
    fn new(
        layer: &Recurrence,
        weights: Option<Vec<Vec<f32>>>,
        steps: Option<usize>,
        ranges: &RecurrenceRanges,
    ) -> Result<Self, String> {
        let weights = weights.ok_or("its weights are not known at compile time as f32")?;
        if layer.clip.is_finite() {
            return Err(format!("its sums are clipped at {}", layer.clip));
        }
        if !(ranges.gates.is_finite() && ranges.gates >= 0.0) {
            return Err(format!("the greatest input of its gates is {}", ranges.gates));
        }
        let mut warnings = vec![];
        let fraction = match (ranges.cell, steps) {
            (Some(range), _) => cell_fraction(range * HEADROOM)?,
            (None, Some(steps)) if steps as f32 <= UNKNOWN_CELL => cell_fraction(steps as f32)?,
            (None, _) => {
                if matches!(layer.directions[0].cell, RecurrentCell::Lstm(_)) {
                    warnings.push(format!(
                        "the range of the cells' states is not known, they saturate at {UNKNOWN_CELL}"
                    ));
                }
                cell_fraction(UNKNOWN_CELL)?
            }
        };
        let cells = layer.directions.iter().map(|direction| cell(direction.cell, fraction));
        let cells = cells.collect::<Result<Vec<_>, _>>()?;
        let gates = weights
            .iter()
            .map(|weights| Gates::new(cells[0], layer.hidden, weights));
        let gates: Vec<Gates> = gates.collect();
        // Beyond it every function has its bound, whatever the hidden state is.
        let reach = gates.iter().map(Gates::reach).fold(0.0, f32::max);
        let input = (ranges.gates.min(reach) / f32::from(i16::MAX)).max(f32::MIN_POSITIVE);
        let directions = gates.iter().zip(&layer.directions);
        let directions = directions.map(|(gates, direction)| gates.direction(direction.reverse, layer.hidden, input));
        let directions = directions.collect::<Option<Vec<_>>>();
        let (directions, multipliers): (Vec<_>, Vec<_>) = directions
            .ok_or("its weights are too large for multipliers of 32 bits")?
            .into_iter()
            .unzip();
        let hidden = 2_f32.powi(-(HIDDEN_FRACTION as i32));
        let states = match cells[0] {
            QlinearCell::Lstm(cell) => vec![hidden, 2_f32.powi(-(cell.cell_fraction as i32))],
            _ => vec![hidden],
        };
        Ok(Self {
            layer: QlinearRecurrence {
                hidden: layer.hidden,
                batch_first: layer.batch_first,
                cell: cells[0],
                directions,
                packed: false,
            },
            input,
            states,
            gates: gates
                .into_iter()
                .zip(multipliers)
                .map(|(gates, by)| gates.with(by))
                .collect(),
            warnings,
        })
    }

    fn apply(self, graph: &mut Graph, id: NodeId) -> Result<Vec<String>, OpError> {
        let node = graph.node(id);
        let (name, origin, outputs) = (node.name.clone(), node.origin.clone(), node.outputs.clone());
        let operands = node.inputs.clone();
        let to = Quantization::uniform(DType::I16, self.input, 0);
        let [x, first, lengths] = [0, 1, 2].map(|index| operands[index].expect("inference has checked the operands"));
        let x = add(graph, id, QuantizeLinear { to }, &[x])?;
        let first = self.first(graph, id, first)?;
        let mut inputs = vec![Some(x), Some(first), Some(lengths)];
        for gates in &self.gates {
            for (what, tensor) in ["weights", "multipliers", "biases"].into_iter().zip(gates.operands()) {
                inputs.push(Some(graph.add_constant(format!("{name}_{what}"), tensor)));
            }
        }
        let new = graph.add(name, self.layer, &inputs, &origin)?;
        let scales = std::iter::once(self.states[0]).chain(self.states.iter().copied());
        for (index, (old, scale)) in outputs.into_iter().zip(scales).enumerate() {
            if graph.users(old).is_empty() && !graph.is_output(old) {
                continue;
            }
            let value = graph.node(new).outputs[index];
            let from = Quantization::uniform(DType::I16, scale, 0);
            let y = add(graph, new, DequantizeLinear { from }, &[value])?;
            graph.replace_uses(old, y);
        }
        graph.remove(id);
        Ok(self.warnings)
    }

    /// The first states, flat, in the integers of each.
    fn first(&self, graph: &mut Graph, node: NodeId, first: ValueId) -> Result<ValueId, OpError> {
        let len = graph.ty(first).len();
        if len == 0 {
            return Ok(graph.add_constant("none", Tensor::new(DType::I16, vec![0], vec![])));
        }
        // All states, or the hidden ones alone.
        let state: usize = graph.ty(graph.node(node).outputs[1]).len();
        let states = len / state;
        let to = Quantization {
            dtype: DType::I16,
            scales: self.states[..states].to_vec(),
            zeros: vec![0; states],
            axis: 0,
        };
        let rows = reshaped(graph, node, first, vec![states, state])?;
        let integers = add(graph, node, QuantizeLinear { to }, &[rows])?;
        reshaped(graph, node, integers, vec![len])
    }
}
