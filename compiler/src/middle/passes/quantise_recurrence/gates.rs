use crate::ir::primitives::{MULTIPLIER_BITS, QlinearCell, QlinearDirection, multipliers};
use crate::ir::{DType, Tensor};
use runtime_core::kernels::{QlinearCell as _, QlinearGru, QlinearLstm, QlinearRnn};

/// Bits after the point of what the functions are applied to.
const ARGUMENT_FRACTION: i32 = 22;
/// Where the functions have their bounds.
const BOUND: f32 = 16.0;

/// The gates of one direction in integers, `[gates, hidden]`, as in the float layer.
pub(super) struct Gates {
    weights: Vec<i8>,
    /// Scale of the weights of each gate of each unit.
    scales: Vec<f64>,
    biases: Vec<i32>,
    multipliers: Vec<i32>,
    reach: f64,
}

const fn gates(cell: QlinearCell) -> usize {
    match cell {
        QlinearCell::Rnn(_) => QlinearRnn::GATES,
        QlinearCell::Gru(_) => QlinearGru::GATES,
        QlinearCell::Lstm(_) => QlinearLstm::GATES,
    }
}

impl Gates {
    /// From the weights of a direction, `[gates, hidden, hidden]`, and the biases of the last gate, if there are some.
    pub(super) fn new(cell: QlinearCell, hidden: usize, weights: &[f32]) -> Self {
        let rows = gates(cell) * hidden;
        let (weights, biases) = weights.split_at(rows * hidden);
        let mut gates = Self {
            weights: vec![],
            scales: vec![],
            biases: vec![],
            multipliers: vec![],
            reach: 0.0,
        };
        let last = rows - hidden;
        for (row, weights) in weights.chunks_exact(hidden.max(1)).enumerate() {
            let bias = row.checked_sub(last).and_then(|unit| biases.get(unit));
            gates.add(weights, bias.copied().map(f64::from));
        }
        gates
    }

    /// Adds a gate of a unit: its weights, and its bias if it has one.
    fn add(&mut self, weights: &[f32], bias: Option<f64>) {
        let magnitudes = || weights.iter().map(|w| f64::from(w.abs()));
        let of_bias = bias.map_or(0.0, f64::abs);
        let scale = (magnitudes().fold(0.0, f64::max) / f64::from(i8::MAX)).max(of_bias / HIDDEN_ONE);
        let integer = |value: f64| {
            if scale > 0.0 {
                (value / scale).round_ties_even()
            } else {
                0.0
            }
        };
        self.weights.extend(weights.iter().map(|w| integer((*w).into()) as i8));
        self.biases.extend(bias.map(|bias| integer(bias * HIDDEN_ONE) as i32));
        self.reach = self.reach.max(magnitudes().sum::<f64>() + of_bias);
        self.scales.push(scale);
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
        let bits = (62 - libm::log2(sum).ceil() as u32).min(MULTIPLIER_BITS);
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
