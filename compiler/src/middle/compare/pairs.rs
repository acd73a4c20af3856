//! Which values of a quantised graph stand for those of the float graph.

use crate::ir::primitives::{DequantizeLinear, Quantization, QuantizeLinear};
use crate::ir::{Graph, ValueId};

/// A value of the float graph, and the one of the quantised graph that stands for it, with its integers.
pub(super) struct Pair {
    pub(super) float: ValueId,
    pub(super) quantised: ValueId,
    pub(super) integers: Option<Quantization>,
}

/// The pairs of all inputs and results, in the order of the graph.
pub(super) fn pairs(float: &Graph, quantised: &Graph) -> Vec<Pair> {
    let nodes = float.order().into_iter().map(|id| float.node(id));
    let computed = nodes.filter(|node| node.operator().is_some());
    let values = float.inputs().iter().chain(computed.flat_map(|node| &node.outputs));
    // A result that nothing reads may be computed into memory that others use as well.
    let values = values.filter(|value| float.is_output(**value) || !float.users(**value).is_empty());
    let is_there = |value: ValueId| {
        let producer = quantised.value(value).producer;
        quantised.contains(producer) && quantised.node(producer).outputs.contains(&value)
    };
    let pair = |value: &ValueId| match is_there(*value) {
        true => Some(pair(quantised, *value)),
        false => replaced(float, quantised, *value),
    };
    values.filter_map(pair).collect()
}

/// What stands for a value whose operator another took the place of, such as a recurrent layer in integers: the numbers
/// of its last integers, under the name of the node. `None` for results that the other does not have.
fn replaced(float: &Graph, quantised: &Graph, value: ValueId) -> Option<Pair> {
    let name = &float.producer(value).name;
    let nodes = quantised
        .order()
        .into_iter()
        .map(|id| quantised.node(id))
        .filter(|node| node.name == *name);
    let numbers = nodes.filter_map(|node| Some((node.op::<DequantizeLinear>()?, *node.outputs.first()?)));
    let mut alike = numbers.filter(|(_, numbers)| quantised.ty(*numbers) == float.ty(value));
    let (op, numbers) = alike.next()?;
    alike.next().is_none().then(|| Pair {
        float: value,
        quantised: numbers,
        integers: Some(op.from.clone()),
    })
}

/// Values of the float graph have the same ids in the quantised graph; what stands for them there is what is read after
/// they passed through integers.
fn pair(quantised: &Graph, float: ValueId) -> Pair {
    let reader = |value: ValueId, is_it: fn(&Graph, ValueId) -> bool| {
        let outputs = quantised
            .users(value)
            .into_iter()
            .flat_map(|(id, _)| quantised.node(id).outputs.first().copied());
        outputs.into_iter().find(|output| is_it(quantised, *output))
    };
    let to = |graph: &Graph, value: ValueId| graph.producer(value).op::<QuantizeLinear>().is_some();
    let from = |graph: &Graph, value: ValueId| graph.producer(value).op::<DequantizeLinear>().is_some();
    let integers = reader(float, to).unwrap_or(float);
    match reader(integers, from) {
        Some(numbers) => Pair {
            float,
            quantised: numbers,
            integers: quantised
                .producer(numbers)
                .op::<DequantizeLinear>()
                .map(|op| op.from.clone()),
        },
        None => Pair {
            float,
            quantised: float,
            integers: None,
        },
    }
}
