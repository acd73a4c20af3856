//! Loops that stay loops: the body becomes a graph of its own, which emitted code runs as often as is found at run
//! time.

use super::normalization::reshaped;
use crate::front::node::{Input, NodeContext, Sketch};
use crate::ir::primitives::{Binary, BinaryOp, Repeat, Reshape};
use crate::ir::{DType, Graph, NodeKind, OpError, Operator, RemarkKind, Tensor, TensorType, ValueId, op_error};
use crate::middle::passes;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A `Loop` before its body is read.
pub(in crate::front) struct Repeated<'a> {
    /// The trip count, one number; `None` where only the condition ends the loop.
    pub(in crate::front) trips: Option<ValueId>,
    /// Whether the first trip runs, by the condition alone.
    pub(in crate::front) condition: ValueId,
    /// Whether the body's condition counts.
    pub(in crate::front) has_condition: bool,
    /// The first states.
    pub(in crate::front) states: &'a [ValueId],
    /// Trips that are made at most.
    pub(in crate::front) most: usize,
}

/// The last states.
///
/// # Errors
/// A body that cannot be read without the values of its states, that changes their types, or that collects elements.
pub(in crate::front) fn repeated(cx: &mut NodeContext<'_>, of: &Repeated<'_>) -> Result<Vec<ValueId>, OpError> {
    // A trip is only made where the condition holds.
    let holds = cx.scalar(DType::Bool, 1.0);
    let index = TensorType::new(DType::I64, &[][..]);
    let mut given = vec![Input::Open(index), Input::Known(holds)];
    let types = |value: &ValueId| Input::Open(cx.value_ty(*value).clone());
    given.extend(of.states.iter().map(types));
    let sketch = cx.body("body", &given)?;
    check(cx, of, &sketch)?;
    let mut body = Body::new(&sketch, of)?;
    body.end(of)?;
    let captured = body.captured;
    let mut graph = body.graph;
    passes::run(&mut graph, passes::PIPELINE, &mut |_, _| {}).map_err(|e| op_error(e.to_string()))?;
    let zero = cx.add_constant(Tensor::i64(&[], &[0]));
    let mut going = of.condition;
    let mut operands = vec![];
    if let Some(trips) = of.trips {
        let trips = reshaped(cx, trips, &[])?;
        let some = cx.add(Binary::from(BinaryOp::Less), &[zero, trips])?;
        going = cx.add(Binary::from(BinaryOp::And), &[going, some])?;
        operands.push(trips);
    }
    let operands: Vec<_> = [&[going, zero], of.states, &operands, &captured].concat();
    let repeat = Repeat {
        body: Arc::new(graph),
        states: 1 + of.states.len(),
        most: of.most,
    };
    let reason = format!("makes at most {} trips, as --max-trips says", of.most);
    cx.remark(RemarkKind::MaxTrips, reason);
    let results = cx.add_all(repeat, &operands)?;
    Ok(results[1..].to_vec())
}

/// Checks what a body gives, against the states that it is given.
fn check(cx: &NodeContext<'_>, of: &Repeated<'_>, sketch: &Sketch) -> Result<(), OpError> {
    let (condition, results) = match sketch.outputs.split_first() {
        Some((condition, results)) if results.len() >= of.states.len() => (*condition, results),
        _ => return Err(op_error("the body does not give a condition and all states")),
    };
    if results.len() > of.states.len() {
        return Err(op_error(
            "the size of the loop's scan outputs depends on the number of trips, which is only known at run time",
        )
        .help("let the body write into a state of the greatest size (ScatterND), or give the trip count with --bake"));
    }
    let ty = sketch.graph.ty(condition);
    if ty.dtype != DType::Bool || ty.len() != 1 {
        return Err(op_error(format!("the condition is {ty}, it must be one bool")));
    }
    let is_true = sketch.graph.constant(condition).and_then(Tensor::scalar_f64) == Some(1.0);
    if !of.has_condition && !is_true {
        return Err(super::control::ignored_condition());
    }
    for (index, (state, result)) in of.states.iter().zip(results).enumerate() {
        let (before, after) = (cx.value_ty(*state), sketch.graph.ty(*result));
        if before != after {
            return Err(op_error(format!(
                "state {index} is {before} before a trip and {after} after it: its type must not change where the number of \
                 trips is only known at run time"
            )));
        }
    }
    Ok(())
}

/// A body as a graph of its own.
struct Body<'a> {
    sketch: &'a Sketch,
    graph: Graph,
    /// Values of `graph` by those of the sketch.
    values: HashMap<ValueId, ValueId>,
    /// Values around the body that it reads.
    captured: Vec<ValueId>,
    trips: Option<ValueId>,
}

impl<'a> Body<'a> {
    /// The index of the trip, the states, the trip count and what is captured are its inputs. What is computed around
    /// it from constants alone is part of it, so that it knows its weights.
    fn new(sketch: &'a Sketch, of: &Repeated<'_>) -> Result<Self, OpError> {
        let mut body = Self {
            sketch,
            graph: Graph::new("body"),
            values: HashMap::new(),
            captured: vec![],
            trips: None,
        };
        // Input 1 is the condition, which is known.
        let open = sketch.inputs.iter().enumerate().filter(|(index, _)| *index != 1);
        for (_, input) in open {
            let value = sketch.graph.value(*input);
            let new = body.graph.add_input(&value.name, value.ty.clone());
            body.values.insert(*input, new);
        }
        let index = TensorType::new(DType::I64, &[][..]);
        body.trips = of.trips.map(|_| body.graph.add_input("trips", index));
        let needed = body.needed();
        for id in sketch.graph.order() {
            let node = sketch.graph.node(id);
            let is_needed = node.outputs.iter().any(|output| needed.contains(output));
            match &node.kind {
                NodeKind::Operator(operator) if is_needed => {
                    let operands: Vec<_> = node.inputs.iter().map(|v| v.map(|v| body.values[&v])).collect();
                    let new = body.graph.add(&node.name, operator.boxed(), &operands, &node.origin)?;
                    let outputs = body.graph.node(new).outputs.clone();
                    body.values.extend(node.outputs.iter().copied().zip(outputs));
                }
                NodeKind::Constant(tensor) if is_needed => {
                    let new = body.graph.add_constant(&node.name, tensor.clone());
                    body.values.insert(node.outputs[0], new);
                }
                _ => {}
            }
            for output in node.outputs.iter().filter(|output| body.captured.contains(output)) {
                let value = sketch.graph.value(*output);
                let new = body.graph.add_input(&value.name, value.ty.clone());
                body.values.insert(*output, new);
            }
        }
        // Inputs are in the order of the nodes around the body, which need not be that in which they were found.
        let place = |value: &ValueId| {
            body.graph
                .inputs()
                .iter()
                .position(|input| *input == body.values[value])
        };
        let mut captured = std::mem::take(&mut body.captured);
        captured.sort_by_key(place);
        Ok(Self { captured, ..body })
    }

    /// What its outputs are computed from, apart from its inputs; finds what it captures.
    fn needed(&mut self) -> HashSet<ValueId> {
        let mut needed = HashSet::new();
        let mut open = self.sketch.outputs.clone();
        while let Some(value) = open.pop() {
            if self.values.contains_key(&value) || self.captured.contains(&value) || needed.contains(&value) {
                continue;
            }
            if value < self.sketch.first && self.sketch.graph.varies(value) {
                self.captured.push(value);
                continue;
            }
            needed.insert(value);
            open.extend(self.sketch.graph.producer(value).inputs.iter().flatten());
        }
        needed
    }

    /// Adds what says whether the next trip runs, the next index, and the states, as outputs.
    fn end(&mut self, of: &Repeated<'_>) -> Result<(), OpError> {
        let index = self.graph.inputs()[0];
        let one = self.graph.add_constant("one", Tensor::i64(&[], &[1]));
        let next = self.add("next", Binary::from(BinaryOp::Add), &[index, one])?;
        let mut going = self.values[&self.sketch.outputs[0]];
        if !self.graph.ty(going).shape.is_empty() {
            let scalar = Reshape { shape: vec![] };
            going = self.add("going", scalar, &[going])?;
        }
        if let Some(trips) = self.trips {
            let left = self.add("left", Binary::from(BinaryOp::Less), &[next, trips])?;
            going = self.add("going", Binary::from(BinaryOp::And), &[going, left])?;
        }
        self.graph.add_output("going", going);
        self.graph.add_output("next", next);
        for index in 0..of.states.len() {
            let state = self.values[&self.sketch.outputs[1 + index]];
            self.graph.add_output(format!("state_{index}"), state);
        }
        Ok(())
    }

    fn add(&mut self, name: &str, operator: impl Operator + 'static, inputs: &[ValueId]) -> Result<ValueId, OpError> {
        let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
        let node = self
            .graph
            .add(name, Box::new(operator) as Box<dyn Operator>, &inputs, &[])?;
        Ok(self.graph.node(node).outputs[0])
    }
}
