//! What one inference on a sample may take: in proportion to what the user gives, so that a small model cannot ask for
//! hours or for all memory.

use crate::Error;
use crate::ir::{Graph, NodeId, TensorType, ValueId};

/// Memory of one inference at most, of which what is watched is copied once more, in bytes.
const MAX_BYTES: usize = 1 << 30;
/// Bytes that any model may take ..
const FREE_BYTES: usize = 1 << 25;
/// .. and for each byte of its inputs and its file.
const BYTES_PER_BYTE: usize = 1024;

/// Steps that any model may take: some milliseconds ..
const FREE_STEPS: u64 = 1 << 22;
/// .. and for each byte of its inputs and its file. A convolution multiplies each weight as often as it has
/// positions.
const STEPS_PER_BYTE: u64 = 4096;
/// Steps that an element of a result counts for: it is stored, copied where it is measured, and sorted into ranges. A
/// padding computes nothing, and can make a hundred elements of each one that it reads.
const STEPS_PER_ELEMENT: u64 = 128;

/// Nodes that any model may have: they are compiled several times ..
const FREE_GRAPH: usize = 1 << 11;
/// .. and bytes of inputs and of the file for each node more. A short loop of many steps is many nodes.
const BYTES_PER_GRAPH_NODE: usize = 16;

/// Nodes that trying what more bits gain may compile altogether in any model ..
const FREE_NODES: usize = 1 << 15;
/// .. and bytes of inputs and of the file for each node more.
const BYTES_PER_NODE: usize = 8;

/// Steps that trying what more bits gain may take altogether in any model: a few seconds ..
const FREE_TRIAL_STEPS: u64 = 1 << 33;
/// .. and for each byte of its inputs and its file.
const TRIAL_STEPS_PER_BYTE: u64 = 1 << 23;

/// How often a graph may be compiled and run on so many samples to find what more bits gain: once at least. Where many
/// parts would be tried, as those of an unrolled loop, several are tried together.
pub(super) fn trials(graph: &Graph, samples: usize) -> usize {
    let given = graph.given_bytes();
    let by_nodes = FREE_NODES.saturating_add(given / BYTES_PER_NODE) / graph.len().max(1);
    // Twice: in floats and in integers.
    let nodes = graph.order().into_iter();
    let steps = nodes.fold(0_u64, |all, id| all.saturating_add(steps(graph, id)));
    let one = steps.saturating_mul(2).saturating_mul(samples as u64).max(1);
    let all = TRIAL_STEPS_PER_BYTE
        .saturating_mul(given as u64)
        .saturating_add(FREE_TRIAL_STEPS);
    by_nodes.min(usize::try_from(all / one).unwrap_or(usize::MAX)).max(1)
}

/// Refuses a graph whose inference takes out of proportion. `peak` is its memory, `watched` what is measured.
pub(super) fn check(graph: &Graph, watched: &[ValueId], peak: usize) -> Result<(), Error> {
    let bytes = |ty: &TensorType| ty.bytes();
    let given = graph.given_bytes();
    let advice = "make the model's inputs or its paddings smaller";

    let (nodes, most) = (graph.len(), FREE_GRAPH.saturating_add(given / BYTES_PER_GRAPH_NODE));
    if nodes > most {
        return Err(Error::quantization(
            format!("the model becomes {nodes} nodes, too many for its size to be quantised"),
            format!(
                "at most {most} are supported for {given} bytes of inputs and of the model: shorten its loops, whose steps are nodes"
            ),
        ));
    }

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
            format!("at most {most} are supported for {given} bytes of inputs and of the model: {advice}"),
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
                format!("at most {most} are supported for {given} bytes of inputs and of the model: {advice}"),
            ))
        }
        _ => Ok(()),
    }
}

/// Steps that a node takes: what it computes, and its results.
fn steps(graph: &Graph, id: NodeId) -> u64 {
    let node = graph.node(id);
    let outputs: Vec<_> = node.outputs.iter().map(|value| graph.ty(*value)).collect();
    let elements: u64 = outputs.iter().map(|ty| ty.len() as u64).sum();
    let operator = node.operator();
    operator.map_or(0, |operator| {
        operator
            .work(&graph.types(&node.inputs), &outputs)
            .saturating_add(elements.saturating_mul(STEPS_PER_ELEMENT))
    })
}
