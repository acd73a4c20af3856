use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::gate_functions;
use crate::front::shared::recurrent::Layer;
use crate::ir::primitives::RecurrentCell;
use runtime_core::kernels::Rnn;

/// `h = f(W x + R h + b)` at each step.
pub(super) const RNN: OperatorDef = OperatorDef {
    name: "RNN",
    domain: Domain::Onnx,
    versions: &[1, 7, 14, 22],
    limits: "",
    read: |cx| {
        let layer = Layer::of(cx, 1, &[5])?;
        let functions = gate_functions::of_directions(cx, layer.directions, ["Tanh"])?;
        let cells: Vec<_> = functions.into_iter().map(|[f]| RecurrentCell::Rnn(Rnn { f })).collect();
        let mut weights = vec![];
        for direction in 0..cells.len() {
            weights.push(layer.weights(cx, direction)?);
        }
        let first = layer.first_states(cx, &[5])?;
        layer.add(cx, &cells, &weights, first, false)
    },
};
