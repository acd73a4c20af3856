//! The order in which the kernel of recurrent layers reads gates: sixteen units of every gate together.

use super::normalization::reshaped;
use crate::front::node::NodeContext;
use crate::ir::primitives::{Gather, Pad, PadMode, Transpose};
use crate::ir::{OpError, Tensor, ValueId};
use runtime_core::pack::PANEL;

/// `[gates, hidden, inputs]`, of any shape, as `[panels, inputs, gates, 16]`, with units filled up by zeros, flat.
pub(super) fn panels(
    cx: &mut NodeContext<'_>,
    value: ValueId,
    [gates, hidden, inputs]: [usize; 3],
) -> Result<ValueId, OpError> {
    let panels = hidden.div_ceil(PANEL);
    let value = reshaped(cx, value, &[gates, hidden, inputs])?;
    let pad = Pad {
        begins: vec![0; 3],
        ends: vec![0, panels * PANEL - hidden, 0],
        mode: PadMode::Constant,
    };
    let zero = cx.scalar(cx.value_ty(value).dtype, 0.0);
    let value = cx.add(pad, &[value, zero])?;
    let value = reshaped(cx, value, &[gates, panels, PANEL, inputs])?;
    let perm = vec![1, 3, 0, 2];
    let value = cx.add(Transpose { perm }, &[value])?;
    reshaped(cx, value, &[panels * PANEL * inputs * gates])
}

/// Rows of all directions' gates and units, in the order of the kernel's input: for each panel of units, its gates.
pub(super) fn in_panels(
    cx: &mut NodeContext<'_>,
    rows: ValueId,
    [directions, gates, hidden]: [usize; 3],
) -> Result<ValueId, OpError> {
    if hidden <= PANEL || gates == 1 {
        return Ok(rows);
    }
    let mut order = vec![];
    for direction in 0..directions {
        for first in (0..hidden).step_by(PANEL) {
            for gate in 0..gates {
                let row = (direction * gates + gate) * hidden;
                order.extend((first..hidden.min(first + PANEL)).map(|unit| (row + unit) as i64));
            }
        }
    }
    let order = cx.add_constant(Tensor::i64(&[order.len()], &order));
    cx.add(Gather { axis: 0 }, &[rows, order])
}
