use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::gate_functions;
use crate::front::shared::normalization::reshaped;
use crate::front::shared::recurrent::{Layer, joined};
use crate::ir::primitives::{RecurrentCell, Slice};
use crate::ir::{OpError, ValueId, op_error};
use runtime_core::kernels::{DynamicState, Lstm};

/// Long short-term memory: gates input, output, forget, cell. `clip` bounds the sums of the gates, not the cell's state
/// (as in ONNX Runtime).
pub(super) const LSTM: OperatorDef = OperatorDef {
    name: "LSTM",
    domain: Domain::Onnx,
    versions: &[1, 7, 14, 22],
    limits: "",
    read: |cx| {
        let layer = Layer::of(cx, 4, &[5, 6])?;
        read(cx, layer, false)
    },
};

/// Reads what is left of an `LSTM` whose layer is known; `dynamic` says whether its hidden states are rounded to 8
/// bits.
pub(super) fn read(cx: &mut NodeContext<'_>, layer: Layer, dynamic: bool) -> Result<Vec<ValueId>, OpError> {
    let input_forget = cx.attributes.int("input_forget", 0)? != 0;
    let functions = gate_functions::of_directions(cx, layer.directions, ["Sigmoid", "Tanh", "Tanh"])?;
    let peephole = cx.has(PEEPHOLES);
    let cell = |[f, g, h]: [_; 3]| {
        let lstm = Lstm {
            f,
            g,
            h,
            peephole,
            input_forget,
        };
        if dynamic {
            RecurrentCell::DynamicLstm(DynamicState { cell: lstm })
        } else {
            RecurrentCell::Lstm(lstm)
        }
    };
    let cells: Vec<_> = functions.into_iter().map(cell).collect();
    let mut weights = vec![];
    for direction in 0..cells.len() {
        let mut parts = vec![layer.weights(cx, direction)?];
        if peephole {
            parts.push(peepholes(cx, &layer, direction, cells.len())?);
        }
        weights.push(joined(cx, layer.dtype, &parts)?);
    }
    let first = layer.first_states(cx, &[5, 6])?;
    layer.add(cx, &cells, &weights, first, false)
}

/// Position of the peephole weights.
const PEEPHOLES: usize = 7;

fn peepholes(cx: &mut NodeContext<'_>, layer: &Layer, direction: usize, directions: usize) -> Result<ValueId, OpError> {
    let (ty, len) = (cx.ty(PEEPHOLES)?, layer.hidden.saturating_mul(3));
    if ty.shape != [directions, len] || ty.dtype != cx.ty(0)?.dtype {
        return Err(op_error(format!(
            "P is {ty}, it must be {directions} times {len} numbers"
        )));
    }
    let p = layer.operand(cx, PEEPHOLES)?;
    let p = cx.add(Slice::along(&[directions, len], 0, direction, 1), &[p])?;
    reshaped(cx, p, &[len])
}
