//! A loop's body as a graph of its own, seen from what it computes: what is the same in all steps, what is read of
//! which step, and what counts steps.

use super::element::Element;
use crate::ir::primitives::{Binary, BinaryOp, Cast, Expand, Gather, Map, Reshape, Slice, Tile};
use crate::ir::{DType, Graph, Operator, Tensor, ValueId};
use runtime_core::function::{AnyFunction, AnyGateFunction};
use std::collections::HashMap;

/// A number that grows by `step` with every step of the loop, from `start`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counter {
    pub(super) start: i64,
    pub(super) step: i64,
}

impl Counter {
    /// What it is in a step, if that is a number at all.
    pub(super) fn at(self, step: usize) -> Option<i64> {
        let far = self.step.checked_mul(i64::try_from(step).ok()?)?;
        // Numbers of 32 bits wrap beyond.
        far.checked_add(self.start)
            .filter(|number| i32::try_from(*number).is_ok())
    }
}

/// The body.
pub(super) struct View<'a> {
    pub(super) graph: &'a Graph,
    /// The first value that the graph around the loop does not have.
    pub(super) first: ValueId,
    /// What counts steps: the index of the iteration, and states.
    pub(super) counters: HashMap<ValueId, Counter>,
    /// Inputs that are elements of tensors outside.
    pub(super) elements: HashMap<ValueId, Element>,
}

impl View<'_> {
    /// The operator that gives a value, if it is of this kind, and its operands.
    pub(super) fn op<T: Operator + 'static>(&self, value: ValueId) -> Option<(&T, Vec<ValueId>)> {
        let node = self.graph.producer(value);
        Some((node.op::<T>()?, node.inputs.iter().flatten().copied().collect()))
    }

    /// The operands of a binary operator.
    pub(super) fn pair(&self, value: ValueId, op: BinaryOp) -> Option<[ValueId; 2]> {
        let (binary, operands) = self.op::<Binary>(self.whole(value))?;
        let plain = matches!(binary.activation, AnyFunction::Identity(_));
        operands.try_into().ok().filter(|_| plain && binary.op == op)
    }

    /// The operands of a binary operator in both orders.
    pub(super) fn pairs(&self, value: ValueId, op: BinaryOp) -> Vec<[ValueId; 2]> {
        self.pair(value, op)
            .map_or_else(Vec::new, |[a, b]| vec![[a, b], [b, a]])
    }

    /// The value of which this is another shape, with rows of the same length.
    pub(super) fn whole(&self, mut value: ValueId) -> ValueId {
        while let Some((_, operands)) = self.op::<Reshape>(value) {
            if self.graph.ty(operands[0]).shape.last() != self.graph.ty(value).shape.last() {
                break;
            }
            value = operands[0];
        }
        value
    }

    pub(super) fn constant(&self, value: ValueId) -> Option<&Tensor> {
        self.graph.constant(value)
    }

    /// The function of which this is the result, and of what.
    pub(super) fn function(&self, value: ValueId) -> Option<(AnyGateFunction, ValueId)> {
        let (map, operands) = self.op::<Map>(self.whole(value))?;
        Some((gate_function(map.function)?, operands[0]))
    }

    /// The columns of a value that this is, and the value.
    pub(super) fn columns(&self, value: ValueId) -> Option<(std::ops::Range<usize>, ValueId)> {
        let (slice, operands) = self.op::<Slice>(value)?;
        let shape = &self.graph.ty(operands[0]).shape;
        let last = shape.len().checked_sub(1)?;
        let whole_rows = slice.starts[..last].iter().all(|start| *start == 0) && slice.lens[..last] == shape[..last];
        let start = slice.starts[last];
        (whole_rows && slice.steps.iter().all(|step| *step == 1))
            .then(|| (start..start + slice.lens[last], operands[0]))
    }

    /// A number that counts steps.
    pub(super) fn counter(&self, value: ValueId) -> Option<Counter> {
        if let Some(counter) = self.counters.get(&value) {
            return Some(*counter);
        }
        let ty = self.graph.ty(value);
        if ty.len() != 1 || !matches!(ty.dtype, DType::I32 | DType::I64) {
            return None;
        }
        if let Some([start]) = self.constant(value).and_then(Tensor::to_i64).as_deref() {
            return Some(Counter { start: *start, step: 0 });
        }
        let inner = self.op::<Reshape>(value).map(|(_, of)| of[0]);
        if let Some(inner) = inner.or_else(|| self.op::<Cast>(value).map(|(_, of)| of[0])) {
            return self.counter(inner);
        }
        let sum = |sign: i64, [a, b]: [ValueId; 2]| {
            let (a, b) = (self.counter(a)?, self.counter(b)?);
            let start = a.start.checked_add(b.start.checked_mul(sign)?)?;
            let step = a.step.checked_add(b.step.checked_mul(sign)?)?;
            // Far from the bounds of 32 bits, where sums wrap.
            (start.abs() < 1 << 30 && step.abs() < 1 << 10).then_some(Counter { start, step })
        };
        match self.pair(value, BinaryOp::Add) {
            Some(operands) => sum(1, operands),
            None => sum(-1, self.pair(value, BinaryOp::Sub)?),
        }
    }

    /// The element of a tensor outside of the loop that a value is, of any shape.
    pub(super) fn element(&self, value: ValueId) -> Option<Element> {
        if let Some(element) = self.elements.get(&value) {
            return Some(*element);
        }
        if let Some((_, operands)) = self.op::<Reshape>(value) {
            return self.element(operands[0]);
        }
        let (gather, operands) = self.op::<Gather>(value)?;
        let outside = operands[0] < self.first && self.constant(operands[0]).is_none();
        let Counter { start, step } = self.counter(operands[1]).filter(|_| outside)?;
        Some(Element {
            value: operands[0],
            axis: gather.axis,
            start,
            step,
        })
    }

    /// The element of one number per step that a condition is, repeated to any shape.
    pub(super) fn mask(&self, mut value: ValueId) -> Option<Element> {
        loop {
            if self.graph.ty(value).len() == 1
                && let Some(element) = self.element(value)
            {
                return Some(element);
            }
            let inner = self.op::<Expand>(value).map(|(_, of)| of[0]);
            let inner = inner.or_else(|| self.op::<Tile>(value).map(|(_, of)| of[0]));
            let inner = inner.or_else(|| self.op::<Cast>(value).map(|(_, of)| of[0]));
            value = inner.or_else(|| self.op::<Reshape>(value).map(|(_, of)| of[0]))?;
        }
    }

    /// Whether a condition holds in a step, where counters and constants tell.
    pub(super) fn holds(&self, value: ValueId, step: usize) -> Option<bool> {
        if self.graph.ty(value).len() != 1 || self.graph.ty(value).dtype != DType::Bool {
            return None;
        }
        if let Some(constant) = self.constant(value) {
            return constant.scalar_f64().map(|value| value != 0.0);
        }
        if let Some((_, operands)) = self.op::<Reshape>(value) {
            return self.holds(operands[0], step);
        }
        if let Some([a, b]) = self.pair(value, BinaryOp::And) {
            return Some(self.holds(a, step)? && self.holds(b, step)?);
        }
        type Compare = fn(&i64, &i64) -> bool;
        let comparisons: [(BinaryOp, Compare); 4] = [
            (BinaryOp::Less, i64::lt),
            (BinaryOp::LessOrEqual, i64::le),
            (BinaryOp::Greater, i64::gt),
            (BinaryOp::GreaterOrEqual, i64::ge),
        ];
        let found = comparisons
            .into_iter()
            .find_map(|(op, compare)| Some((self.pair(value, op)?, compare)));
        let ([a, b], compare) = found?;
        let at = |value| self.counter(value)?.at(step);
        Some(compare(&at(a)?, &at(b)?))
    }
}

/// The function as one of those of gates.
fn gate_function(function: AnyFunction) -> Option<AnyGateFunction> {
    Some(match function {
        AnyFunction::Elu(function) => function.into(),
        AnyFunction::HardSigmoid(function) => function.into(),
        AnyFunction::LeakyRelu(function) => function.into(),
        AnyFunction::Relu(function) => function.into(),
        AnyFunction::Sigmoid(function) => function.into(),
        AnyFunction::Softplus(function) => function.into(),
        AnyFunction::Softsign(function) => function.into(),
        AnyFunction::Tanh(function) => function.into(),
        AnyFunction::ThresholdedRelu(function) => function.into(),
        _ => return None,
    })
}
