use super::{Domain, OperatorDef, control};
use crate::import::NodeContext;
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// A sub-graph that is run several times: each iteration is written out. Where only a run-time condition ends the loop,
/// all iterations are computed, and those after the end leave the state as it is.
pub(super) const LOOP: OperatorDef = OperatorDef {
    name: "Loop",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 16, 19, 21, 23, 24, 25],
    limits: "unrolled: the trip count, or conditions that end the loop, must be known at compile time; scan outputs \
             only where the number of iterations is; tensors only",
    read: |cx| {
        let states = cx.input_count().saturating_sub(2);
        let mut end = End::of(cx)?;
        let state = (0..states).map(|i| cx.input(i + 2)).collect::<Result<Vec<_>, _>>()?;
        let mut run = Run {
            state,
            elements: vec![],
        };
        let mut index = 0;
        while end.allows(cx, index)? {
            let outputs = body(cx, index, &end, &run.state)?;
            end.condition = control::condition(cx, outputs[0])?;
            run.take(cx, &end, &outputs[1..])?;
            index += 1;
        }
        if index == 0 {
            // Only the types of what it gives are of use.
            let outputs = body(cx, 0, &end, &run.state)?;
            let elements = outputs[1 + states..].iter();
            let none = elements
                .map(|element| control::stacked_none(cx, *element, 0))
                .collect::<Vec<_>>();
            return Ok([run.state, none].concat());
        }
        let elements = run.elements.iter();
        let stacks = elements
            .map(|elements| control::stacked(cx, elements, 0))
            .collect::<Result<Vec<_>, _>>()?;
        Ok([run.state, stacks].concat())
    },
};

/// What ends the loop.
struct End {
    /// The trip count.
    trips: Option<u64>,
    /// Whether the condition is an input of the node.
    has_condition: bool,
    /// Whether the next iteration runs, by the condition alone.
    condition: ValueId,
    /// Whether the last iteration ran, if that is only known at run time.
    running: Option<ValueId>,
}

impl End {
    fn of(cx: &mut NodeContext<'_>) -> Result<Self, OpError> {
        let trips = match cx.has(0) {
            true => Some(trip_count(cx)?),
            false => None,
        };
        let has_condition = cx.has(1);
        let condition = if has_condition {
            control::condition(cx, cx.input(1)?)?
        } else {
            cx.scalar(DType::Bool, 1.0)
        };
        Ok(Self {
            trips,
            has_condition,
            condition,
            running: None,
        })
    }

    /// Whether iteration `index` may run; sets `running`.
    fn allows(&mut self, cx: &mut NodeContext<'_>, index: u64) -> Result<bool, OpError> {
        if self.trips.is_some_and(|trips| index >= trips) {
            return Ok(false);
        }
        let condition = control::known(cx, self.condition);
        if condition != Some(true) && !self.has_condition {
            return Err(
                op_error("the loop has no condition, yet its body gives one that is not always true").help(
                    "ONNX ignores such a condition, ONNX Runtime does not: give the loop the condition true, or let \
                     its body give true",
                ),
            );
        }
        control::bound(index)?;
        if condition.is_none() {
            if self.trips.is_none_or(|trips| control::bound(trips - 1).is_err()) {
                return Err(cx.unknown(
                    self.condition,
                    "only a condition that is computed at run time ends the loop",
                ));
            }
            self.running = Some(control::both(cx, self.running, self.condition)?);
        }
        Ok(condition != Some(false))
    }
}

fn trip_count(cx: &NodeContext<'_>) -> Result<u64, OpError> {
    match cx.ints(0, "M")?[..] {
        [count] => Ok(u64::try_from(count).unwrap_or(0)),
        _ => Err(op_error(format!(
            "the trip count is {}, it must be one number",
            cx.ty(0)?
        ))),
    }
}

/// What the loop carries from one iteration to the next, and what it has collected.
struct Run {
    state: Vec<ValueId>,
    /// For each scan output, its elements.
    elements: Vec<Vec<ValueId>>,
}

impl Run {
    /// Takes what an iteration gave, but for the condition.
    fn take(&mut self, cx: &mut NodeContext<'_>, end: &End, outputs: &[ValueId]) -> Result<(), OpError> {
        let (state, elements) = outputs.split_at(self.state.len());
        for (old, new) in self.state.iter_mut().zip(state) {
            *old = match end.running {
                Some(running) => control::select(cx, running, *new, *old)?,
                None => *new,
            };
        }
        if let Some(running) = end.running.filter(|_| !elements.is_empty()) {
            let message = "the size of the loop's scan outputs depends on a condition that is computed at run time";
            return Err(cx.unknown(running, message));
        }
        self.elements.resize(elements.len(), vec![]);
        self.elements
            .iter_mut()
            .zip(elements)
            .for_each(|(all, element)| all.push(*element));
        Ok(())
    }
}

fn body(cx: &mut NodeContext<'_>, index: u64, end: &End, state: &[ValueId]) -> Result<Vec<ValueId>, OpError> {
    let index = cx.add_constant(Tensor::i64(&[], &[index as i64]));
    let outputs = cx.subgraph("body", &[&[index, end.condition], state].concat())?;
    if outputs.len() < 1 + state.len() {
        return Err(op_error(format!(
            "the body gives {} outputs for a condition and {} states",
            outputs.len(),
            state.len()
        )));
    }
    Ok(outputs)
}
