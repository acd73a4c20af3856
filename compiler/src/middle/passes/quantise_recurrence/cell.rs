use crate::ir::primitives::{QlinearCell, RecurrentCell};
use runtime_core::function::AnyGateFunction;
use runtime_core::kernels::{QlinearGru, QlinearLstm, QlinearRnn};

/// Bits after the point of a hidden state, and at most of a cell's.
pub(super) const HIDDEN_FRACTION: u32 = 15;

/// Bits after the point of cells' states up to `range`, or why there are none.
pub(super) fn cell_fraction(range: f32) -> Result<u32, String> {
    let most = f32::from(i16::MAX);
    let fits = |fraction: &u32| range * 2_f32.powi(*fraction as i32) <= most;
    let fraction = (0..=HIDDEN_FRACTION).rev().find(fits);
    fraction.ok_or_else(|| format!("its cells' states come to {range}, at most {most} is supported"))
}

/// The cell in integers, or why there is none.
pub(super) fn cell(cell: RecurrentCell, cell_fraction: u32) -> Result<QlinearCell, String> {
    let default = |sigmoids: &[AnyGateFunction], tanhs: &[AnyGateFunction]| {
        let mut sigmoids = sigmoids.iter().filter(|f| !matches!(f, AnyGateFunction::Sigmoid(_)));
        let mut tanhs = tanhs.iter().filter(|f| !matches!(f, AnyGateFunction::Tanh(_)));
        match sigmoids.next().or(tanhs.next()) {
            Some(other) => Err(format!(
                "its function {other:?} has no table, only the default ones have"
            )),
            None => Ok(()),
        }
    };
    match cell {
        RecurrentCell::Rnn(cell) => {
            default(&[], &[cell.f])?;
            Ok(QlinearCell::Rnn(QlinearRnn))
        }
        RecurrentCell::Gru(cell) => {
            default(&[cell.f], &[cell.g])?;
            let linear_before_reset = cell.linear_before_reset;
            Ok(QlinearCell::Gru(QlinearGru { linear_before_reset }))
        }
        RecurrentCell::DynamicLstm(_) => Err("its hidden states are rounded by their own ranges".into()),
        RecurrentCell::Lstm(cell) => {
            default(&[cell.f], &[cell.g, cell.h])?;
            match (cell.peephole, cell.input_forget) {
                (true, _) => Err("its gates see the cells' states (peepholes)".into()),
                (_, true) => Err("its forget gate is coupled to the input gate".into()),
                _ => Ok(QlinearCell::Lstm(QlinearLstm { cell_fraction })),
            }
        }
    }
}
