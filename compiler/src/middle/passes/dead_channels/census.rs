//! What the weights of each layer hold.

use super::layer::Layer;
use crate::ir::{Graph, Node};
use serde::Serialize;

/// A convolution or product with known weights, in channels and zeros.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerCensus {
    /// Name of the node.
    pub name: String,
    /// Name of the operator; of a convolution of each channel with itself, `Depthwise`.
    pub operator: String,
    /// Output channels.
    pub channels: usize,
    /// Output channels whose weights are all zero.
    pub zero_outputs: usize,
    /// Input channels whose weights are zero for all outputs.
    pub zero_inputs: usize,
    /// Taps of the kernel whose weights are zero for all channels.
    pub zero_taps: usize,
    /// Weights.
    pub weights: usize,
    /// Those that are zero.
    pub zero_weights: usize,
    /// Bytes of the weights and of what else there is for each channel.
    pub bytes: usize,
    /// Multiply-accumulates.
    pub macs: u64,
}

/// The layers of a graph, in order. Weights of floats count as zero where the pass `dead-channels` takes them for zero.
pub fn layers(graph: &Graph) -> Vec<LayerCensus> {
    let layer = |id| {
        let node = graph.node(id);
        Some(census(graph, node, &Layer::of(graph, node)?))
    };
    graph.order().into_iter().filter_map(layer).collect()
}

fn census(graph: &Graph, node: &Node, layer: &Layer) -> LayerCensus {
    let inputs = |output: usize| {
        if layer.depthwise {
            output..output + 1
        } else {
            0..layer.inputs
        }
    };
    let mut read = vec![false; layer.inputs];
    let (mut weights, mut zero_weights, mut zero_outputs) = (0, 0, 0);
    for output in 0..layer.outputs {
        let mut any = false;
        for input in inputs(output) {
            for zero in layer.zeros(output, input) {
                weights += 1;
                zero_weights += usize::from(zero);
                read[input] |= !zero;
                any |= !zero;
            }
        }
        zero_outputs += usize::from(!any);
    }
    let count = |seen: &[bool]| seen.iter().filter(|seen| !**seen).count();
    let operator = node.operator().expect("a layer");
    let constants = node.inputs[1..]
        .iter()
        .flatten()
        .filter(|v| graph.constant(**v).is_some());
    let outputs: Vec<_> = node.outputs.iter().map(|v| graph.ty(*v)).collect();
    LayerCensus {
        name: node.name.clone(),
        operator: if layer.depthwise {
            "Depthwise".into()
        } else {
            operator.name().into()
        },
        channels: layer.outputs,
        zero_outputs,
        zero_inputs: count(&read),
        zero_taps: count(&layer.used_taps()),
        weights,
        zero_weights,
        bytes: constants.map(|v| graph.ty(*v).bytes()).sum(),
        macs: operator.macs(&graph.types(&node.inputs), &outputs),
    }
}
