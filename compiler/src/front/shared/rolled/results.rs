//! What a loop that is a recurrent layer gives: its states after the last step and what it collects of all steps.

use super::element::{Element, State};
use super::view::{Counter, View};
use crate::ir::primitives::{BinaryOp, Select};
use crate::ir::{DType, Tensor, ValueId};

/// The hidden states after all steps.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    /// What stands in steps that are masked before the first that is not, if the layer has a mask.
    pub(super) before: Option<ValueId>,
    /// Whether steps that are masked have zeros instead.
    pub(super) zeros: bool,
    /// The shape in a step.
    pub(super) shape: Vec<usize>,
}

/// A state after the last step.
#[derive(Clone, Debug)]
pub(super) enum Last {
    /// The hidden state of the layer.
    Hidden,
    /// The cell's state.
    Cell,
    /// The last of a sequence.
    OfSequence(Sequence),
    /// A value from outside of the loop.
    Same(ValueId),
    /// A number.
    Number(Tensor),
}

/// A body that is a step of a layer.
pub(super) struct Results<'a, 'v> {
    pub(super) view: &'a View<'v>,
    pub(super) h: State,
    pub(super) c: Option<State>,
    pub(super) mask: Option<Element>,
    pub(super) states: &'a [State],
}

impl View<'_> {
    /// Notes a state that grows by a constant in each step.
    pub(super) fn count(&mut self, state: &State) {
        let start = self.constant(state.initial).and_then(Tensor::to_i64);
        let added = self.pairs(state.new, BinaryOp::Add).into_iter();
        let mut added = added.filter(|[old, _]| self.whole(*old) == state.open);
        let step = added.next().and_then(|[_, step]| self.constant(step)?.to_i64());
        if let (Some([start]), Some([step])) = (start.as_deref(), step.as_deref()) {
            let (start, step) = (*start, *step);
            self.counters.insert(state.open, Counter { start, step });
        }
    }

    /// The mask of steps that leave a state as it is, and what it becomes in the others.
    pub(super) fn masked(&self, state: State) -> Option<(Element, ValueId)> {
        let (mask, new, old) = self.selected(state.new)?;
        (self.whole(old) == state.open).then_some((mask, new))
    }

    /// The mask of a choice, and what is chosen where it holds and where not.
    pub(super) fn selected(&self, value: ValueId) -> Option<(Element, ValueId, ValueId)> {
        let (_, operands) = self.op::<Select>(self.whole(value))?;
        Some((self.mask(operands[0])?, operands[1], operands[2]))
    }
}

impl Results<'_, '_> {
    /// What the layer computes in a step, before a mask.
    fn computed(&self) -> ValueId {
        self.view.masked(self.h).map_or(self.h.new, |(_, new)| new)
    }

    /// What of all steps a value of the body is, if the layer has it.
    pub(super) fn sequence(&self, value: ValueId) -> Option<Sequence> {
        let view = self.view;
        let shape = view.graph.ty(value).shape.clone();
        let inner = view.whole(value);
        let sequence = |before, zeros| {
            Some(Sequence {
                before,
                zeros,
                shape: shape.clone(),
            })
        };
        if inner == view.whole(self.h.new) {
            return sequence(self.mask.map(|_| self.h.initial), false);
        }
        let (mask, new, old) = view.selected(inner)?;
        if Some(mask) != self.mask || view.whole(new) != view.whole(self.computed()) {
            return None;
        }
        let is_zero = |tensor: &Tensor| tensor.to_f64().iter().all(|value| *value == 0.0);
        if view.constant(old).is_some_and(is_zero) {
            return sequence(Some(self.h.initial), true);
        }
        // In masked steps it is what it was: a state that becomes just this.
        let same = |state: &&State| view.whole(old) == state.open && view.selected(state.new) == Some((mask, new, old));
        let state = self.states.iter().find(same)?;
        sequence(Some(state.initial), false)
    }

    /// What a state is after the last of all steps.
    pub(super) fn last(&self, state: &State, trips: usize) -> Option<Last> {
        let view = self.view;
        if state.open == self.h.open {
            return Some(Last::Hidden);
        }
        if self.c.is_some_and(|c| c.open == state.open) {
            return Some(Last::Cell);
        }
        if state.new < view.first || state.open == state.new {
            return Some(Last::Same(if state.open == state.new {
                state.initial
            } else {
                state.new
            }));
        }
        if let Some(counter) = view.counters.get(&state.open) {
            let ty = view.graph.ty(state.open);
            let number = counter.at(trips)?;
            return Some(Last::Number(match ty.dtype {
                DType::I32 => Tensor::i32(&ty.shape, &[i32::try_from(number).ok()?]),
                _ => Tensor::i64(&ty.shape, &[number]),
            }));
        }
        self.sequence(state.new).map(Last::OfSequence)
    }
}
