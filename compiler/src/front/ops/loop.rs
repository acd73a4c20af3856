use crate::front::node::{Domain, Item, NodeContext, OperatorDef};
use crate::front::shared::control;
use crate::front::shared::repeated::{Repeated, repeated};
use crate::front::shared::rolled::{self, Looped};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// A sub-graph that is run several times: each iteration is written out. Where only a run-time condition ends the loop,
/// all iterations are computed, and those after the end leave the state as it is.
pub(super) const LOOP: OperatorDef = OperatorDef {
    name: "Loop",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 16, 19, 21, 23, 24, 25],
    limits: "unrolled, except steps of recurrent layers: the trip count, or conditions that end the loop, must be known \
             at compile time, or with `--max-trips` it is a loop whose states keep their shapes; scan outputs only where \
             the number of iterations is known, unless nothing reads them",
    read: |cx| {
        let states = cx.input_count().saturating_sub(2);
        let state = (0..states).map(|i| cx.item(i + 2)).collect::<Result<Vec<_>, _>>()?;
        if let Some(results) = real_loop(cx, &state)? {
            return Ok(results);
        }
        let mut end = End::of(cx)?;
        if let Some(results) = layer(cx, &end, &state)? {
            return Ok(results);
        }
        let mut run = Run {
            state,
            elements: vec![],
        };
        let mut index = 0;
        while end.allows(cx, index)? {
            let outputs = body(cx, index, &end, &run.state)?;
            end.condition = control::condition(cx, tensor(&outputs[0])?)?;
            run.take(cx, &end, &outputs[1..])?;
            index += 1;
        }
        if index == 0 {
            // Only the types of what it gives are of use.
            let outputs = body(cx, 0, &end, &run.state)?;
            let elements = outputs[1 + states..].iter();
            let none = elements
                .map(|element| Ok(Item::Tensor(control::stacked_none(cx, tensor(element)?, 0))))
                .collect::<Result<Vec<_>, _>>()?;
            return cx.give([run.state, none].concat());
        }
        let elements = run.elements.iter();
        let stacks = elements
            .map(|elements| control::stacked(cx, elements, 0).map(Item::Tensor))
            .collect::<Result<Vec<_>, _>>()?;
        cx.give([run.state, stacks].concat())
    },
};

/// The results of a loop that stays one: with --max-trips, where nothing that is known at compile time says that it
/// makes few trips.
fn real_loop(cx: &mut NodeContext<'_>, state: &[Item]) -> Result<Option<Vec<ValueId>>, OpError> {
    let Some(most) = cx.max_trips() else {
        return Ok(None);
    };
    let trips = cx.has(0).then(|| cx.input(0)).transpose()?;
    let known = match trips {
        Some(trips) if cx.value(trips).is_none() => None,
        Some(_) => Some(trip_count(cx)?),
        None => Some(u64::MAX),
    };
    let collects = cx.output_count() > state.len();
    if known.is_some_and(|trips| collects || control::can_be_unrolled(trips)) {
        return Ok(None);
    }
    let states: Option<Vec<_>> = state.iter().map(Item::tensor).collect();
    let states =
        states.ok_or_else(|| op_error("a state is a sequence, whose length depends on the number of trips"))?;
    if let Some(ty) = trips
        .map(|trips| cx.value_ty(trips))
        .filter(|ty| ty.dtype != DType::I64 || ty.len() != 1)
    {
        return Err(op_error(format!("the trip count is {ty}, it must be one number")));
    }
    let has_condition = cx.has(1);
    let condition = match has_condition {
        true => control::condition(cx, cx.input(1)?)?,
        false => cx.scalar(DType::Bool, 1.0),
    };
    let of = Repeated {
        trips: trips.filter(|_| known.is_none()),
        condition,
        has_condition,
        states: &states,
        most,
    };
    repeated(cx, &of).map(Some)
}

/// The results of a loop that is a recurrent layer.
fn layer(cx: &mut NodeContext<'_>, end: &End, state: &[Item]) -> Result<Option<Vec<ValueId>>, OpError> {
    let states: Option<Vec<_>> = state.iter().map(Item::tensor).collect();
    let (Some(states), Some(true)) = (states, control::known(cx, end.condition)) else {
        return Ok(None);
    };
    // Without a condition of its own, the loop takes none from its body.
    let Some(trips) = end.trips.or(end.has_condition.then_some(u64::MAX)) else {
        return Ok(None);
    };
    let looped = Looped {
        is_loop: true,
        states: &states,
        scanned: &[],
        trips: usize::try_from(trips).unwrap_or(usize::MAX),
        may_end: end.has_condition,
    };
    rolled::recurrent(cx, &looped)
}

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
            return Err(control::ignored_condition());
        }
        control::bound(index)?;
        if condition.is_none() {
            if self.trips.is_none_or(|trips| control::bound(trips - 1).is_err()) {
                return Err(cx.unknown(
                    self.condition,
                    "only a condition that is computed at run time ends the loop (--max-trips N says how many trips there \
                     are at most)",
                ));
            }
            self.running = Some(control::both(cx, self.running, self.condition)?);
        }
        Ok(condition != Some(false))
    }
}

fn trip_count(cx: &NodeContext<'_>) -> Result<u64, OpError> {
    let counts = cx.ints(0, "M").map_err(|mut error| {
        error.message += " (or say with --max-trips N how many trips there are at most: the loop then stays a loop)";
        error
    })?;
    match counts[..] {
        [count] => Ok(u64::try_from(count).unwrap_or(0)),
        _ => Err(op_error(format!(
            "the trip count is {}, it must be one number",
            cx.ty(0)?
        ))),
    }
}

/// What the loop carries from one iteration to the next, and what it has collected.
struct Run {
    state: Vec<Item>,
    /// For each scan output, its elements.
    elements: Vec<Vec<ValueId>>,
}

impl Run {
    /// Takes what an iteration gave, except the condition.
    fn take(&mut self, cx: &mut NodeContext<'_>, end: &End, outputs: &[Item]) -> Result<(), OpError> {
        let (state, elements) = outputs.split_at(self.state.len());
        for (old, new) in self.state.iter_mut().zip(state) {
            *old = match end.running {
                Some(running) => control::select_item(cx, running, new, old)?,
                None => new.clone(),
            };
        }
        if let Some(running) = end.running.filter(|_| !elements.is_empty()) {
            let message = "the size of the loop's scan outputs depends on a condition that is computed at run time";
            return Err(cx.unknown(running, message));
        }
        self.elements.resize(elements.len(), vec![]);
        for (all, element) in self.elements.iter_mut().zip(elements) {
            all.push(tensor(element)?);
        }
        Ok(())
    }
}

/// What must be a tensor: the condition, and what a loop collects.
fn tensor(item: &Item) -> Result<ValueId, OpError> {
    let tensor = item.tensor();
    tensor.ok_or_else(|| op_error("the body gives a sequence as its condition or as a scan output"))
}

fn body(cx: &mut NodeContext<'_>, index: u64, end: &End, state: &[Item]) -> Result<Vec<Item>, OpError> {
    let index = cx.add_constant(Tensor::i64(&[], &[index as i64]));
    let first = [Item::Tensor(index), Item::Tensor(end.condition)];
    let outputs = cx.subgraph_of_items("body", &[&first, state].concat())?;
    if outputs.len() < 1 + state.len() {
        return Err(op_error(format!(
            "the body gives {} outputs for a condition and {} states",
            outputs.len(),
            state.len()
        )));
    }
    Ok(outputs)
}

#[cfg(test)]
mod tests {
    use crate::front::proto::AttributeProto;
    use crate::front::testing::{Absent, Given, Known, Operand, run, subgraph};
    use crate::ir::{DType, Tensor};

    /// Doubles the state, which it also gives as scan output, until the condition that `op` makes of the iteration and
    /// 2.
    fn body(op: &str, scan: bool) -> AttributeProto {
        let nodes: [(&str, &[&str], &[&str]); 2] = [(op, &["i", "two"], &["go"]), ("Add", &["s", "s"], &["t"])];
        let outputs: &[&str] = if scan { &["go", "t", "t"] } else { &["go", "t"] };
        subgraph(
            "body",
            &nodes,
            &[("two", Tensor::i64(&[], &[2]))],
            [&["i", "c", "s"], outputs],
        )
    }

    fn count(count: i64) -> Operand {
        Known(Tensor::i64(&[], &[count]))
    }

    fn go(value: f64) -> Tensor {
        Tensor::scalar(DType::Bool, value)
    }

    fn one() -> Operand {
        Given(Tensor::f32(&[1], &[1.0]))
    }

    fn state(value: f32) -> Tensor {
        Tensor::f32(&[1], &[value])
    }

    #[test]
    fn the_trip_count_or_the_condition_ends_it() {
        let by_count = run(
            16,
            "Loop",
            &[body("LessOrEqual", true)],
            &[count(2), Known(go(1.0)), one()],
            2,
        );
        assert_eq!(by_count, Ok(vec![state(4.0), Tensor::f32(&[2, 1], &[2.0, 4.0])]));
        let by_condition = run(16, "Loop", &[body("Less", true)], &[Absent, Known(go(1.0)), one()], 2);
        assert_eq!(
            by_condition,
            Ok(vec![state(8.0), Tensor::f32(&[3, 1], &[2.0, 4.0, 8.0])])
        );
        for none in [&[count(0), Known(go(1.0)), one()], &[count(9), Known(go(0.0)), one()]] {
            let none = run(16, "Loop", &[body("Less", true)], none, 2);
            assert_eq!(none, Ok(vec![state(1.0), Tensor::f32(&[0, 1], &[])]));
        }
    }

    #[test]
    fn a_run_time_condition_freezes_the_state() {
        for (first, expected) in [(1.0, 8.0), (0.0, 1.0)] {
            let y = run(
                16,
                "Loop",
                &[body("Less", false)],
                &[count(5), Given(go(first)), one()],
                1,
            );
            assert_eq!(y, Ok(vec![state(expected)]));
        }
        let scan = run(16, "Loop", &[body("Less", true)], &[count(5), Given(go(1.0)), one()], 2);
        assert!(scan.is_err_and(|e| e.contains("scan outputs") && e.contains("--bake x1")));
        let endless = run(
            16,
            "Loop",
            &[body("Less", false)],
            &[count(i64::MAX), Given(go(1.0)), one()],
            1,
        );
        assert!(endless.is_err_and(|e| e.contains("--bake x1")));
    }

    #[test]
    fn what_cannot_be_written_out_is_refused() {
        let unknown = run(
            16,
            "Loop",
            &[body("Less", false)],
            &[Given(Tensor::i64(&[], &[3])), Absent, one()],
            1,
        );
        assert!(unknown.is_err_and(|e| e.contains("`M`") && e.contains("--bake x0") && e.contains("--max-trips N")));
        let endless = run(
            16,
            "Loop",
            &[body("GreaterOrEqual", false)],
            &[count(3), Absent, one()],
            1,
        );
        assert!(endless.is_err_and(|e| e.contains("the loop has no condition")));
        let always = subgraph(
            "body",
            &[("Identity", &["c"], &["go"])],
            &[],
            [&["i", "c"], &["go", "i"]],
        );
        let long = run(16, "Loop", &[always], &[count(i64::MAX), Known(go(1.0))], 1);
        assert!(long.is_err_and(|e| e.contains("4096 iterations")));
    }
}
