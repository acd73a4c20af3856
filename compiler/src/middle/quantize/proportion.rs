//! What one inference on a sample may take: in proportion to what the user gives, so that a small model cannot ask for
//! hours or for all memory.

use crate::Error;
use crate::ir::{Graph, NodeId, TensorType, ValueId};

/// Memory of one inference at most, of which what is watched is copied once more, in bytes.
const MAX_BYTES: usize = 1 << 30;
/// Bytes that any model may take ..
const FREE_BYTES: usize = 1 << 25;
/// .. and for each byte of its inputs and stored constants.
const BYTES_PER_BYTE: usize = 1024;

/// Steps that any model may take: some tenths of a second ..
const FREE_STEPS: u64 = 1 << 28;
/// .. and for each byte of its inputs and stored constants. A convolution multiplies each weight as often as it has
/// positions.
const STEPS_PER_BYTE: u64 = 4096;

/// Refuses a graph whose inference takes out of proportion. `peak` is its memory, `watched` what is measured.
pub(super) fn check(graph: &Graph, watched: &[ValueId], peak: usize) -> Result<(), Error> {
    let bytes = |ty: &TensorType| ty.bytes();
    let inputs: usize = graph.inputs().iter().map(|value| bytes(graph.ty(*value))).sum();
    let stored = graph.constant_bytes().saturating_sub(graph.folding().bytes);
    let given = inputs.saturating_add(stored);
    let advice = "make the model's inputs or its paddings smaller";

    let most = given
        .saturating_mul(BYTES_PER_BYTE)
        .saturating_add(FREE_BYTES)
        .min(MAX_BYTES);
    if peak > most {
        let largest = watched.iter().max_by_key(|value| bytes(graph.ty(**value)));
        let largest = largest.map_or_else(String::new, |value| {
            let (name, ty) = (graph.value(*value).name.escape_debug(), graph.ty(*value));
            format!("; the largest value that is measured is `{name}`, {ty}")
        });
        return Err(Error::quantization(
            format!("measuring a sample takes {peak} bytes of memory{largest}"),
            format!("at most {most} are supported for {given} bytes of inputs and constants: {advice}"),
        ));
    }

    let nodes = graph.order().into_iter();
    let steps: Vec<_> = nodes.map(|id| (steps(graph, id), id)).collect();
    let all = steps.iter().fold(0_u64, |all, (steps, _)| all.saturating_add(*steps));
    let most = STEPS_PER_BYTE.saturating_mul(given as u64).saturating_add(FREE_STEPS);
    match steps.iter().max() {
        Some((largest, id)) if all > most => {
            let name = graph.node(*id).name.escape_debug();
            Err(Error::quantization(
                format!("running a sample takes {all} steps, {largest} of them in `{name}`"),
                format!("at most {most} are supported for {given} bytes of inputs and constants: {advice}"),
            ))
        }
        _ => Ok(()),
    }
}

/// Steps that a node takes: what it computes, and its results.
fn steps(graph: &Graph, id: NodeId) -> u64 {
    let node = graph.node(id);
    let outputs: Vec<_> = node.outputs.iter().map(|value| graph.ty(*value)).collect();
    let elements = outputs.iter().map(|ty| ty.len() as u64).sum();
    let operator = node.operator();
    operator.map_or(0, |operator| {
        operator
            .work(&graph.types(&node.inputs), &outputs)
            .saturating_add(elements)
    })
}
