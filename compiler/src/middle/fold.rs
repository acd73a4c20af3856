//! Computing operators at compile time, through the kernels.

use crate::Error;
use crate::back::channels_last::channels_last;
use crate::back::exec::Executor;
use crate::back::gate_panels::gate_panels;
use crate::back::{Add, portable};
use crate::ir::primitives::{Cast, DequantizeLinear};
use crate::ir::{DType, Graph, OpError, Operator, Tensor, TensorType, ValueId, infer, op_error, verify};
use runtime_core::Simd;

/// Constants larger than this are not made by folding unless their operands are as large.
const MAX_GROWTH_BYTES: usize = 1 << 16;

/// Operators of more work than this are left to the device: about a second here.
const MAX_WORK: u64 = 1 << 30;

/// All steps that folding a model may take: about two seconds here. What comes after is left to the device.
const MAX_TOTAL_WORK: u64 = 1 << 31;
/// Bytes that folding may make for each byte of the model's constants, since passes change weights several times ..
const MAX_TOTAL_GROWTH: usize = 8;
/// .. and beyond those.
const MAX_TOTAL_BYTES: usize = 1 << 26;
/// Operators of so few steps and results of so few bytes, such as shape arithmetic, are always folded: the time that
/// they take is in proportion to the model's nodes.
const SMALL: u64 = 1 << 12;

/// So many integers of 8 bits are worth reading as they are.
const SMALL_INTEGERS: usize = 1024;

/// What copying takes, in bytes per step of a kernel's loop.
const BYTES_PER_STEP: usize = 16;

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
        if is_worthwhile(
            graph,
            name,
            operator.as_ref(),
            &constants,
            &types.iter().collect::<Vec<_>>(),
        ) {
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

/// Whether constants of types `results` may stand for an operator on `constants`: they are not much larger, and
/// computing them does not take long, neither by itself nor with all that the model has taken; then the steps are
/// counted. What is dequantised stays, for operators that compute with the integers; a pass of its own folds what none
/// of them took.
pub fn is_worthwhile(
    graph: &mut Graph,
    name: &str,
    operator: &dyn Operator,
    constants: &[Tensor],
    results: &[&TensorType],
) -> bool {
    let from: usize = constants.iter().map(|t| t.bytes.len()).sum();
    let to: usize = results.iter().map(|ty| ty.bytes()).sum();
    let types: Vec<_> = constants.iter().map(Tensor::ty).collect();
    let work = operator.work(&types.iter().map(Some).collect::<Vec<_>>(), results);
    let is_dequantised = operator.as_any().is::<DequantizeLinear>() || widens(operator, constants);
    let is_small = to <= from.saturating_mul(2).max(MAX_GROWTH_BYTES) && work <= MAX_WORK;
    let steps = work.saturating_add((from.saturating_add(to) / BYTES_PER_STEP) as u64);
    !is_dequantised && is_small && takes(graph, name, steps, to)
}

/// Whether an operator makes floats of many integers of 8 bits, which products may read as they are.
fn widens(operator: &dyn Operator, constants: &[Tensor]) -> bool {
    let to_floats = operator
        .as_any()
        .downcast_ref::<Cast>()
        .is_some_and(|cast| cast.to == DType::F32);
    let is_small = |tensor: &Tensor| matches!(tensor.dtype, DType::I8 | DType::U8) && tensor.len() >= SMALL_INTEGERS;
    to_floats && constants.iter().any(is_small)
}

/// Counts what folding a node takes, unless it is more than the model has left.
fn takes(graph: &mut Graph, name: &str, steps: u64, bytes: usize) -> bool {
    let given = graph.constant_bytes().saturating_sub(graph.folding().bytes);
    let most = given.saturating_mul(MAX_TOTAL_GROWTH).saturating_add(MAX_TOTAL_BYTES);
    let folding = graph.folding_mut();
    let (all_steps, all_bytes) = (folding.steps.saturating_add(steps), folding.bytes.saturating_add(bytes));
    let is_small = steps <= SMALL && bytes as u64 <= SMALL;
    if !is_small && (all_steps > MAX_TOTAL_WORK || all_bytes > most) {
        folding.ended_at.get_or_insert_with(|| name.to_owned());
        return false;
    }
    (folding.steps, folding.bytes) = (all_steps, all_bytes);
    true
}

/// The numbers that a constant is dequantised or widened to, if `value` is.
pub fn dequantised(graph: &Graph, value: ValueId) -> Option<Tensor> {
    let node = graph.producer(value);
    let integers = graph.constant(*node.inputs.first()?.as_ref()?)?;
    let operator = node.operator()?;
    let widens = operator.as_any().is::<DequantizeLinear>() || widens(operator, std::slice::from_ref(integers));
    if !widens {
        return None;
    }
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
    let add: Add = |graph, node, operator, inputs| {
        let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
        let name = graph.node(node).name.clone();
        let new = graph.add(name, operator, &inputs, &[])?;
        Ok(graph.node(new).outputs[0])
    };
    let broken = |e: OpError| Error::Pass {
        pass: "layout",
        message: e.message,
    };
    channels_last(&mut graph, add).map_err(broken)?;
    gate_panels(&mut graph, add).map_err(broken)?;
    verify(&graph).map_err(broken)?;
    let (program, plan) = portable(&graph)?;
    Ok(Executor::new(&program, &plan).on(Simd::BASELINE).run(&[]))
}
