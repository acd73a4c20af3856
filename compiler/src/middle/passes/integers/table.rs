//! Functions of one quantised tensor: all their results are computed now, by the kernels that compute them in floats.

use super::super::rewrite::input;
use super::Outcome;
use super::operands::{Quantised, dequantised, is_activation};
use super::site::Site;
use crate::ir::primitives::{Lookup, Quantization, QuantizeLinear};
use crate::ir::{Graph, NodeId, OpError, Operator, Tensor, ValueId, op_error};
use crate::middle::fold;
use std::collections::HashMap;

/// Most operators that make one function.
const MOST: usize = 32;

/// Most steps by which a result of 16 bits, which is interpolated, may miss the function's: an eighth of a step of 8
/// bits. Where a slope changes by one, a line misses the bend by 32 of the input's steps.
const MOST_OFF: u32 = 32;

/// Operators that compute a function of each element of one quantised tensor.
struct Region {
    x: Quantised,
    nodes: Vec<NodeId>,
}

pub(super) fn rule(graph: &mut Graph, site: &Site) -> Result<Outcome, OpError> {
    let Some(region) = Region::find(graph, site.quantize) else {
        return Ok(Outcome::NotMine);
    };
    let x = &region.x.quantization;
    if x.dtype != site.to.dtype {
        return Ok(Outcome::Stays(format!(
            "there is no table from {} to {}",
            x.dtype, site.to.dtype
        )));
    }
    let (Some((min, max)), Some((scale, zero))) = (Quantization::range(x.dtype), x.single()) else {
        return Ok(Outcome::NotMine);
    };
    // One more: lines of 16 bits end there.
    let numbers: Vec<f32> = (min..=max + 1).map(|integer| (integer - zero) as f32 * scale).collect();
    let results = region.results(graph, site, Tensor::f32(&[numbers.len()], &numbers))?;
    let results = results.to_f64();
    let Some((table, off)) = Lookup::table(x.dtype, |integer| results[(integer - min) as usize] as i32) else {
        return Ok(Outcome::NotMine);
    };
    if off > MOST_OFF {
        let reason = format!("a table of its function would be {off} steps off where the function bends");
        return Ok(Outcome::Stays(reason));
    }
    let table = graph.add_constant(format!("{}_table", graph.node(site.core).name), table);
    let x = region.x.value;
    site.put(graph, &region.nodes, Lookup, &[x, table])
        .map(Outcome::Integers)
}

fn computed(operator: &dyn Operator, operands: &[Tensor]) -> Result<Tensor, OpError> {
    let mut results = fold::evaluate(operator, operands).map_err(|e| op_error(e.to_string()))?;
    Ok(results.remove(0))
}

impl Region {
    fn find(graph: &Graph, quantize: NodeId) -> Option<Self> {
        let mut x: Option<Quantised> = None;
        let mut nodes = vec![];
        let mut open = vec![input(graph.node(quantize), 0)?];
        while let Some(value) = open.pop() {
            if let Some(source) = dequantised(graph, value).filter(|q| is_activation(&q.quantization)) {
                let same = |other: &Quantised| other.value == source.value && other.quantization == source.quantization;
                if !x.as_ref().is_none_or(same) {
                    return None;
                }
                x = Some(source);
                continue;
            }
            if let Some(constant) = graph.constant(value) {
                if constant.len() == 1 {
                    continue;
                }
                return None;
            }
            let id = graph.value(value).producer;
            let node = graph.node(id);
            let fits = node.operator()?.is_elementwise() && node.outputs.len() == 1;
            if !fits || nodes.len() == MOST {
                return None;
            }
            if !nodes.contains(&id) {
                nodes.push(id);
                open.extend(node.inputs.iter().flatten());
            }
        }
        let order = graph.order();
        nodes.sort_by_key(|id| order.iter().position(|other| other == id));
        Some(Self { x: x?, nodes }).filter(|region| !region.nodes.is_empty())
    }

    /// What is quantised where the dequantised tensor has these numbers.
    fn results(&self, graph: &Graph, site: &Site, numbers: Tensor) -> Result<Tensor, OpError> {
        let mut results: HashMap<ValueId, Tensor> = HashMap::new();
        let operand = |results: &HashMap<ValueId, Tensor>, value: ValueId| match results.get(&value) {
            Some(tensor) => tensor.clone(),
            None => match graph.constant(value) {
                Some(constant) => constant.reshaped(&[]),
                None => numbers.clone(),
            },
        };
        let mut last = numbers.clone();
        for id in &self.nodes {
            let node = graph.node(*id);
            let operands: Vec<Tensor> = node
                .inputs
                .iter()
                .flatten()
                .map(|value| operand(&results, *value))
                .collect();
            let operator = node.operator().expect("a region is of operators");
            last = computed(operator, &operands)?;
            results.insert(node.outputs[0], last.clone());
        }
        computed(&QuantizeLinear { to: site.to.clone() }, &[last])
    }
}
