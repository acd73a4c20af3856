use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::gate_functions;
use crate::front::shared::recurrent::{Layer, joined};
use crate::ir::primitives::RecurrentCell;
use runtime_core::kernels::Gru;

/// Gated recurrent units: gates update, reset, hidden.
pub(super) const GRU: OperatorDef = OperatorDef {
    name: "GRU",
    domain: Domain::Onnx,
    versions: &[1, 3, 7, 14, 22],
    limits: "",
    read: |cx| {
        let linear_before_reset = cx.attributes.int("linear_before_reset", 0)? != 0;
        let layer = Layer::of(cx, 3, &[5])?;
        let functions = gate_functions::of_directions(cx, layer.directions, ["Sigmoid", "Tanh"])?;
        let cell = |[f, g]: [_; 2]| {
            RecurrentCell::Gru(Gru {
                f,
                g,
                linear_before_reset,
            })
        };
        let cells: Vec<_> = functions.into_iter().map(cell).collect();
        let mut weights = vec![];
        for direction in 0..cells.len() {
            let mut parts = vec![layer.weights(cx, direction)?];
            if linear_before_reset {
                parts.push(layer.last_bias(cx, direction)?);
            }
            weights.push(joined(cx, layer.dtype, &parts)?);
        }
        let first = layer.first_states(cx, &[5])?;
        layer.add(cx, &cells, &weights, first, linear_before_reset)
    },
};
