use crate::ir::primitives::{MULTIPLIER_BITS, QlinearCell, QlinearDirection, multipliers};
use crate::ir::{DType, Tensor};
use runtime_core::pack::PANEL;

/// Bits after the point of what the functions are applied to.
const ARGUMENT_FRACTION: i32 = 22;
/// Where the functions have their bounds.
const BOUND: f32 = 16.0;

/// The gates of one direction in integers, for units that fill up a panel too; everything lies as in the float kernel's
/// weights.
pub(super) struct Gates {
    weights: Vec<i8>,
    /// Scale of the weights of each gate of each unit.
    scales: Vec<f64>,
    biases: Vec<i32>,
    multipliers: Vec<i32>,
    reach: f64,
}

/// Gates that are packed together.
fn parts(cell: QlinearCell) -> &'static [usize] {
    match cell {
        QlinearCell::Rnn(_) => &[1],
        QlinearCell::Gru(_) => &[2, 1],
        QlinearCell::Lstm(_) => &[4],
    }
}

impl Gates {
    /// From the weights of a direction as the float kernel reads them.
    pub(super) fn new(cell: QlinearCell, hidden: usize, weights: &[f32]) -> Self {
        let panels = hidden.div_ceil(PANEL);
        let parts = parts(cell);
        let recurrent = panels * PANEL * hidden * parts.iter().sum::<usize>();
        let (weights, biases) = weights.split_at(recurrent);
        let mut gates = Self {
            weights: vec![],
            scales: vec![],
            biases: vec![],
            multipliers: vec![],
            reach: 0.0,
        };
        let mut rest = weights;
        for (part, count) in parts.iter().enumerate() {
            let columns = count * PANEL;
            for panel in 0..panels {
                let rows;
                (rows, rest) = rest.split_at(hidden * columns);
                // Biases are of the last gate alone.
                let biases = if part + 1 == parts.len() { biases } else { &[] };
                let biases: Vec<f64> = biases
                    .iter()
                    .skip(panel * PANEL)
                    .take(PANEL)
                    .map(|b| f64::from(*b))
                    .collect();
                gates.add(rows, columns, &biases);
            }
        }
        gates
    }

    /// Adds the gates of a panel: `rows` of `columns` weights, and biases, if there are some, of each column.
    fn add(&mut self, rows: &[f32], columns: usize, biases: &[f64]) {
        let column = |column: usize| rows.iter().skip(column).step_by(columns).map(|w| f64::from(w.abs()));
        let bias = |column: usize| biases.get(column).copied().unwrap_or(0.0);
        let scales: Vec<f64> = (0..columns)
            .map(|j| (column(j).fold(0.0, f64::max) / f64::from(i8::MAX)).max(bias(j).abs() / HIDDEN_ONE))
            .collect();
        let integer = |value: f64, scale: f64| {
            if scale > 0.0 {
                (value / scale).round_ties_even()
            } else {
                0.0
            }
        };
        let weights = rows.iter().enumerate();
        self.weights
            .extend(weights.map(|(i, w)| integer((*w).into(), scales[i % columns]) as i8));
        self.biases
            .extend((0..biases.len()).map(|j| integer(bias(j) * HIDDEN_ONE, scales[j]) as i32));
        let reach = (0..columns).map(|j| column(j).sum::<f64>() + bias(j).abs());
        self.reach = reach.fold(self.reach, f64::max);
        self.scales.extend(scales);
    }

    /// The least magnitude of an input for which every function has its bound, whatever the hidden state is.
    pub(super) fn reach(&self) -> f32 {
        BOUND + self.reach as f32
    }

    /// The parameters of the direction and the multipliers of its sums, for inputs of scale `input`. Nothing if there
    /// are none.
    pub(super) fn direction(&self, reverse: bool, hidden: usize, input: f32) -> Option<(QlinearDirection, Vec<i32>)> {
        let argument = 2_f64.powi(ARGUMENT_FRACTION);
        let scales = self.scales.iter().map(|scale| scale * argument / HIDDEN_ONE);
        let factors = scales.chain([f64::from(input) * argument]);
        // Products of an i16 by an i8, and a bias of as many bits as its scale leaves it.
        let sum = hidden as f64 * 2_f64.powi(22) + HIDDEN_ONE * HIDDEN_ONE;
        let bits = (62 - sum.log2().ceil() as u32).min(MULTIPLIER_BITS);
        let (mut multipliers, shift) = multipliers(factors, bits)?;
        let input = multipliers.pop()?;
        Some((QlinearDirection { reverse, input, shift }, multipliers))
    }

    pub(super) fn with(self, multipliers: Vec<i32>) -> Self {
        Self { multipliers, ..self }
    }

    /// Weights, multipliers, biases.
    pub(super) fn operands(&self) -> [Tensor; 3] {
        let weights: Vec<u8> = self.weights.iter().map(|w| w.to_le_bytes()[0]).collect();
        [
            Tensor::new(DType::I8, vec![weights.len()], weights),
            Tensor::i32(&[self.multipliers.len()], &self.multipliers),
            Tensor::i32(&[self.biases.len()], &self.biases),
        ]
    }
}

/// One, as a hidden state.
const HIDDEN_ONE: f64 = 32_768.0;
