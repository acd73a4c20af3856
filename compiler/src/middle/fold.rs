//! Computing operators at compile time, through the kernels.

use crate::Error;
use crate::back::channels_last::channels_last;
use crate::back::exec::Executor;
use crate::back::{lower, plan};
use crate::ir::primitives::{DequantizeLinear, Transpose};
use crate::ir::{Graph, OpError, Operator, Tensor, TensorType, ValueId, infer, op_error, verify};
use runtime_core::Simd;

/// Constants larger than this are not made by folding unless their operands are as large.
const MAX_GROWTH_BYTES: usize = 1 << 16;

/// Operators of more work than this are left to the device: about a second here.
const MAX_WORK: u64 = 1 << 30;

/// Adds an operator to the graph, or the constants that it gives if all its operands are constants and the result is
/// not much larger than they are.
pub fn add(
    graph: &mut Graph,
    name: &str,
    operator: Box<dyn Operator>,
    inputs: &[ValueId],
    origin: &[String],
) -> Result<Vec<ValueId>, OpError> {
    let operands: Vec<_> = inputs.iter().copied().map(Some).collect();
    let constants: Option<Vec<Tensor>> = inputs.iter().map(|v| graph.constant(*v).cloned()).collect();
    if let Some(constants) = constants {
        let types = infer(operator.as_ref(), &graph.operands(&operands))?;
        if is_worthwhile(operator.as_ref(), &constants, &types.iter().collect::<Vec<_>>()) {
            let results = evaluate(operator.as_ref(), &constants).map_err(|e| op_error(e.to_string()))?;
            let several = results.len() > 1;
            let name = |i: usize| {
                if several {
                    format!("{name}_{i}")
                } else {
                    name.to_owned()
                }
            };
            return Ok(results
                .into_iter()
                .enumerate()
                .map(|(i, t)| graph.add_constant(name(i), t))
                .collect());
        }
    }
    let node = graph.add(name, operator, &operands, origin)?;
    Ok(graph.node(node).outputs.clone())
}

/// Whether constants of types `results` may stand for an operator on `constants`: they are not much larger, and computing
/// them does not take long. What is dequantised stays, for operators that compute with the integers; a pass of its own
/// folds what none of them took.
pub fn is_worthwhile(operator: &dyn Operator, constants: &[Tensor], results: &[&TensorType]) -> bool {
    let from: usize = constants.iter().map(|t| t.bytes.len()).sum();
    let to: usize = results.iter().map(|ty| ty.bytes()).sum();
    let types: Vec<_> = constants.iter().map(Tensor::ty).collect();
    let work = operator.work(&types.iter().map(Some).collect::<Vec<_>>(), results);
    let is_dequantised = operator.as_any().is::<DequantizeLinear>();
    !is_dequantised && to <= from.saturating_mul(2).max(MAX_GROWTH_BYTES) && work <= MAX_WORK
}

/// The numbers that a constant is dequantised to, if `value` is.
pub fn dequantised(graph: &Graph, value: ValueId) -> Option<Tensor> {
    let node = graph.producer(value);
    let operator = node.op::<DequantizeLinear>()?;
    let integers = graph.constant(node.inputs[0]?)?;
    evaluate(operator, std::slice::from_ref(integers)).ok()?.pop()
}

/// The operator's results for these operands. The baseline instruction set computes them, so that the same model gives
/// the same bytes on every machine.
pub fn evaluate(operator: &dyn Operator, operands: &[Tensor]) -> Result<Vec<Tensor>, Error> {
    let mut graph = Graph::new("fold");
    // Constants, since some operators need their weights known.
    let inputs: Vec<_> = operands
        .iter()
        .enumerate()
        .map(|(i, t)| Some(graph.add_constant(format!("x{i}"), t.clone())))
        .collect();
    let node = graph
        .add(operator.name(), operator.boxed(), &inputs, &[])
        .map_err(|e| {
            Error::Operators(vec![crate::error::OperatorProblem {
                node: operator.name().into(),
                operator: operator.name().into(),
                opset: 0,
                message: e.message,
                help: e.help,
                bake: e.bake,
            }])
        })?;
    for (i, output) in graph.node(node).outputs.clone().into_iter().enumerate() {
        graph.add_output(format!("y{i}"), output);
    }
    // No constant is folded here: that would come back to this function.
    let add = |graph: &mut Graph, node, transpose: Transpose, inputs: &[ValueId]| {
        let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
        let name = graph.node(node).name.clone();
        let new = graph.add(name, transpose, &inputs, &[])?;
        Ok(graph.node(new).outputs[0])
    };
    let broken = |e: OpError| Error::Pass {
        pass: "channels-last",
        message: e.message,
    };
    channels_last(&mut graph, add).map_err(broken)?;
    verify(&graph).map_err(broken)?;
    let program = lower::lower(&graph)?;
    let plan = plan::plan(&program);
    Ok(Executor::new(&program, &plan).on(Simd::BASELINE).run(&[]))
}
