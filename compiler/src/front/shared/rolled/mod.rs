//! Loops that are recurrent layers: `Loop` and `Scan` whose body is a step of an LSTM, a GRU or a simple recurrent
//! layer, as exporters write them that do not know the layer. They become the layer.

mod build;
mod cells;
mod element;
mod linear;
mod results;
#[cfg(test)]
mod tests;
mod view;

use crate::front::node::{Input, NodeContext};
use crate::ir::{DType, OpError, TensorType, ValueId};
pub(in crate::front) use element::Element;

use build::Layer;
use cells::Found;
use element::State;
use results::Results;
use std::collections::HashMap;
use view::{Counter, View};

/// A loop before it is read.
pub(in crate::front) struct Looped<'a> {
    /// Whether the body begins with the index of the step and a condition, and gives one.
    pub(in crate::front) is_loop: bool,
    /// The first states.
    pub(in crate::front) states: &'a [ValueId],
    /// What is scanned.
    pub(in crate::front) scanned: &'a [Element],
    /// Steps, unless the body's condition ends the loop before.
    pub(in crate::front) trips: usize,
    /// Whether it may: otherwise the condition must hold after all steps.
    pub(in crate::front) may_end: bool,
}

/// Most steps that a loop's condition is looked at for.
const MOST_TRIPS: usize = 1 << 16;

/// The last states and the scan outputs, stacked along a new first axis, if the body is a step of a recurrent layer.
///
/// # Errors
/// Those of the layer's operators.
pub(in crate::front) fn recurrent(cx: &mut NodeContext<'_>, of: &Looped<'_>) -> Result<Option<Vec<ValueId>>, OpError> {
    if of.states.is_empty() || of.trips == 0 {
        return Ok(None);
    }
    let mut given = inputs(cx, of);
    let first_state = if of.is_loop { 2 } else { 0 };
    // Twice: what a body only passes on is known when it is read again.
    for again in [false, true] {
        let Some(sketch) = cx.sketch("body", &given)? else {
            return Ok(None);
        };
        let results = &sketch.outputs[usize::from(of.is_loop)..];
        if results.len() < of.states.len() {
            return Ok(None);
        }
        let mut invariant = false;
        for (i, initial) in of.states.iter().enumerate() {
            let open = sketch.inputs[first_state + i];
            if open == results[i] && matches!(given[first_state + i], Input::Open(_)) {
                given[first_state + i] = Input::Known(*initial);
                invariant = true;
            }
        }
        if !invariant || again {
            let mut view = View {
                graph: &sketch.graph,
                first: sketch.first,
                counters: HashMap::new(),
                elements: HashMap::new(),
            };
            return Body::new(of, &mut view, &sketch.inputs, &sketch.outputs).layer(cx, &view);
        }
    }
    Ok(None)
}

/// What the body is read with: its states and what it scans are open.
fn inputs(cx: &mut NodeContext<'_>, of: &Looped<'_>) -> Vec<Input> {
    let mut given = vec![];
    if of.is_loop {
        // A step is only run where the condition holds.
        let holds = cx.scalar(DType::Bool, 1.0);
        given.extend([Input::Open(TensorType::new(DType::I64, &[][..])), Input::Known(holds)]);
    }
    let types = |value: &ValueId| cx.value_ty(*value).clone();
    given.extend(of.states.iter().map(|state| Input::Open(types(state))));
    given.extend(of.scanned.iter().map(|element| {
        let mut ty = types(&element.value);
        ty.shape.remove(element.axis);
        Input::Open(ty)
    }));
    given
}

/// The body of a loop that may be a layer.
struct Body {
    trips: Option<usize>,
    states: Vec<State>,
    stacks: Vec<ValueId>,
}

impl Body {
    /// Tells `view` what counts steps and what is read of which step.
    fn new(of: &Looped<'_>, view: &mut View<'_>, inputs: &[ValueId], outputs: &[ValueId]) -> Self {
        let (first_input, first_output) = if of.is_loop { (2, 1) } else { (0, 0) };
        let (results, stacks) = outputs[first_output..].split_at(of.states.len());
        let states: Vec<_> = of
            .states
            .iter()
            .enumerate()
            .map(|(i, initial)| State {
                open: inputs[first_input + i],
                initial: *initial,
                new: results[i],
            })
            .collect();
        if of.is_loop {
            view.counters.insert(inputs[0], Counter { start: 0, step: 1 });
        }
        for state in &states {
            view.count(state);
        }
        let scanned = inputs[first_input + of.states.len()..].iter().copied();
        view.elements.extend(scanned.zip(of.scanned.iter().copied()));
        let trips = match of.is_loop {
            true => ends(view, outputs[0], of.trips).filter(|trips| of.may_end || *trips == of.trips),
            false => Some(of.trips),
        };
        Self {
            trips,
            states,
            stacks: stacks.to_vec(),
        }
    }

    /// The layer, if the body is a step of one.
    fn layer(&self, cx: &mut NodeContext<'_>, view: &View<'_>) -> Result<Option<Vec<ValueId>>, OpError> {
        let (Some(trips), Some((found, h, c))) = (self.trips, self.cell(view)) else {
            return Ok(None);
        };
        let Some(layer) = Layer::new(view, &found, [Some(h), c].map(|state| state.map(|s| s.initial)), trips) else {
            return Ok(None);
        };
        let results = Results {
            view,
            h,
            c,
            mask: view.masked(h).map(|(mask, _)| mask),
            states: &self.states,
        };
        let stacks: Option<Vec<_>> = self.stacks.iter().map(|stack| results.sequence(*stack)).collect();
        let finals: Option<Vec<_>> = self.states.iter().map(|state| results.last(state, trips)).collect();
        let (Some(stacks), Some(finals)) = (stacks, finals) else {
            return Ok(None);
        };
        layer.add(cx, results.mask, &finals, &stacks)
    }

    /// The cell, its hidden state and, of an LSTM, the state of the cell.
    fn cell(&self, view: &View<'_>) -> Option<(Found, State, Option<State>)> {
        let new = |state: &State| view.masked(*state).map_or(state.new, |(_, new)| new);
        let mask = |state: &State| view.masked(*state).map(|(mask, _)| mask);
        for h in &self.states {
            for c in self.states.iter().filter(|c| c.open != h.open && mask(c) == mask(h)) {
                if let Some(found) = view.lstm([new(h), new(c)], [h.open, c.open]) {
                    return Some((found, *h, Some(*c)));
                }
            }
        }
        self.states.iter().find_map(|h| {
            let found = view.gru(new(h), h.open).or_else(|| view.rnn(new(h), h.open))?;
            Some((found, *h, None))
        })
    }
}

/// The number of steps, at most `trips`, of a loop with this condition after each.
fn ends(view: &View<'_>, condition: ValueId, trips: usize) -> Option<usize> {
    if view.constant(condition).is_some() && view.holds(condition, 0)? {
        return Some(trips);
    }
    for step in 0..trips.min(MOST_TRIPS) {
        if !view.holds(condition, step)? {
            return Some(step + 1);
        }
    }
    (trips <= MOST_TRIPS).then_some(trips)
}
