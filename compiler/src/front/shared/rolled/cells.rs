//! What a step of a recurrent layer looks like in the body of a loop.

use super::linear::Linear;
use super::view::View;
use crate::ir::ValueId;
use crate::ir::primitives::{BinaryOp, RecurrentCell};
use runtime_core::function::AnyGateFunction;
use runtime_core::kernels::{Gru, Lstm, Rnn};

/// A cell and what its gates are functions of, in the order of the ONNX operator.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) cell: RecurrentCell,
    pub(super) gates: Vec<Linear>,
    /// The product that a GRU multiplies by its reset gate, where it does so after the product.
    pub(super) reset: Option<Linear>,
}

impl View<'_> {
    /// `h' = f(x W + h R + b)`.
    pub(super) fn rnn(&self, new: ValueId, h: ValueId) -> Option<Found> {
        let (f, linear) = self.gate(new, h)?;
        Some(Found {
            cell: RecurrentCell::Rnn(Rnn { f }),
            gates: vec![linear],
            reset: None,
        })
    }

    /// `c' = f c + i g`, `h' = o tanh(c')`.
    pub(super) fn lstm(&self, [new_h, new_c]: [ValueId; 2], [h, c]: [ValueId; 2]) -> Option<Found> {
        let (f, output, function) = self
            .pairs(new_h, BinaryOp::Mul)
            .into_iter()
            .find_map(|[gate, of_cell]| {
                let (function, of) = self.function(of_cell)?;
                let (f, output) = self.gate(gate, h).filter(|_| self.whole(of) == self.whole(new_c))?;
                Some((f, output, function))
            })?;
        let sums = self.pairs(new_c, BinaryOp::Add).into_iter();
        let (forget, [(input, g), (cell, _)]) = sums.into_iter().find_map(|[kept, added]| {
            let kept = self.pairs(kept, BinaryOp::Mul).into_iter();
            let mut kept = kept.filter(|[gate, state]| self.whole(*state) == self.whole(c) && *gate != *state);
            let (of_forget, forget) = self.gate(kept.next()?[0], h)?;
            let [a, b] = self.pair(added, BinaryOp::Mul)?;
            let ((of_a, a), (of_b, b)) = (self.gate(a, h)?, self.gate(b, h)?);
            let parts = match (of_a == f, of_b == f) {
                (true, _) => [(a, of_b), (b, of_b)],
                (_, true) => [(b, of_a), (a, of_a)],
                _ => return None,
            };
            (of_forget == f).then_some((forget, parts))
        })?;
        Some(Found {
            cell: RecurrentCell::Lstm(Lstm {
                f,
                g,
                h: function,
                peephole: false,
                input_forget: false,
            }),
            gates: vec![input, output, forget, cell],
            reset: None,
        })
    }

    /// `h' = z h + (1 - z) g`, where `g` is a function of `x W + (r h) R + b` or of `x W + b + r (h R + c)`.
    pub(super) fn gru(&self, new: ValueId, h: ValueId) -> Option<Found> {
        let is_h = |value| self.whole(value) == self.whole(h);
        let sums = self.pairs(new, BinaryOp::Add).into_iter();
        let (update, candidate) = sums.into_iter().find_map(|[kept, added]| {
            let kept = self
                .pairs(kept, BinaryOp::Mul)
                .into_iter()
                .find(|[_, state]| is_h(*state))?;
            let added = self.pairs(added, BinaryOp::Mul).into_iter();
            let rest = |value| {
                let [one, gate] = self.pair(value, BinaryOp::Sub)?;
                let is_one = self.constant(one)?.scalar_f64() == Some(1.0);
                (is_one && self.whole(gate) == self.whole(kept[0])).then_some(())
            };
            let mut added = added.filter(|[other, _]| rest(*other).is_some());
            Some((kept[0], added.next()?[1]))
        })?;
        let (f, z) = self.gate(update, h)?;
        let (g, of) = self.function(candidate)?;
        let (of_r, r, n, reset) = self.before(of, h).or_else(|| self.after(of, h))?;
        let cell = Gru {
            f,
            g,
            linear_before_reset: reset.is_some(),
        };
        (of_r == f).then(|| Found {
            cell: RecurrentCell::Gru(cell),
            gates: vec![z, r, n],
            reset,
        })
    }

    /// The reset gate before the product: its function, its sum, and the candidate's sum of `r h`.
    fn before(&self, of: ValueId, h: ValueId) -> Option<(AnyGateFunction, Linear, Linear, Option<Linear>)> {
        let mut open = vec![of];
        for _ in 0..MOST_NODES {
            let value = open.pop()?;
            let factors = self.pairs(value, BinaryOp::Mul).into_iter();
            let mut factors = factors.filter(|[_, state]| self.whole(*state) == self.whole(h));
            if let Some([gate, _]) = factors.next() {
                let (f, r) = self.gate(gate, h)?;
                let n = self.linear(of, value)?;
                return n.state.is_some().then_some((f, r, n, None));
            }
            if value >= self.first {
                open.extend(self.graph.producer(value).inputs.iter().flatten());
            }
        }
        None
    }

    /// The reset gate after the product.
    fn after(&self, of: ValueId, h: ValueId) -> Option<(AnyGateFunction, Linear, Linear, Option<Linear>)> {
        let (mut terms, mut open) = (vec![], vec![of]);
        while let Some(value) = open.pop() {
            match self.pair(value, BinaryOp::Add) {
                Some(pair) => open.extend(pair),
                None => terms.push(value),
            }
        }
        let (mut input, mut found) = (Linear::default(), None);
        for term in terms {
            let products = self.pairs(term, BinaryOp::Mul).into_iter();
            let mut products = products.filter_map(|[gate, product]| {
                let (f, r) = self.gate(gate, h)?;
                let product = self.linear(product, h)?;
                (product.state.is_some() && product.input.is_none()).then_some((f, r, product))
            });
            match products.next() {
                Some(product) if found.is_none() => found = Some(product),
                _ => input = input.and(self.linear(term, h)?)?,
            }
        }
        let (f, r, product) = found.filter(|_| input.state.is_none())?;
        Some((f, r, input, Some(product)))
    }
}

/// Nodes of a body that are looked at for a reset gate.
const MOST_NODES: usize = 64;
