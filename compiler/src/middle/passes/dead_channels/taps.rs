//! Convolutions without the rows and columns of their kernels that are zero.

use super::super::rewrite::{nodes_of, replace};
use super::layer::Layer;
use super::order::sum_order_of;
use super::slices::taken;
use crate::ir::linear::{Linear, WEIGHTS};
use crate::ir::primitives::{Conv, Window};
use crate::ir::{Graph, NodeId, OpError, Operator};

/// Outermost rows and columns of a kernel that are zero for all channels are cut off, as far as there is padding to cut
/// off with them. The sums keep their order, and every bit. With other constants they may not be zero.
pub(in super::super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    if graph.replaceable_constants {
        return Ok(());
    }
    for id in nodes_of::<Conv>(graph) {
        if let Some((conv, kept)) = smaller(graph, id) {
            let mut inputs = graph.node(id).inputs.clone();
            let w = inputs[WEIGHTS].expect("weights");
            let mut weights = graph.constant(w).expect("checked constant").clone();
            for (axis, places) in kept.iter().enumerate() {
                weights = taken(&weights, 2 + axis, places);
            }
            let name = graph.value(w).name.clone();
            inputs[WEIGHTS] = Some(graph.add_constant(name, weights));
            replace(graph, id, conv, &inputs, &[])?;
        }
    }
    super::super::unused::run(graph)
}

/// A convolution with a smaller kernel, and the taps along each axis that are left.
type Smaller = (Box<dyn Operator>, Vec<Vec<usize>>);

fn smaller(graph: &Graph, id: NodeId) -> Option<Smaller> {
    let node = graph.node(id);
    let linear = Linear::of(node)?;
    let old = linear.window()?;
    let layer = Layer::of(graph, node)?;
    let Window { kernel, dilations, .. } = old;
    let rank = kernel.len();
    let mut window = old.clone();
    let used = layer.used_taps();
    let mut kept = vec![];
    for axis in 0..rank {
        let inner: usize = kernel[axis + 1..].iter().product();
        let places = || {
            (0..used.len())
                .filter(|tap| used[*tap])
                .map(|tap| tap / inner % kernel[axis])
        };
        let (first, last) = (places().min()?, places().max()?);
        let padding = |side: usize| old.pads[side * rank + axis] / dilations[axis];
        let (before, after) = (first.min(padding(0)), (kernel[axis] - 1 - last).min(padding(1)));
        window.kernel[axis] -= before + after;
        window.pads[axis] -= before * dilations[axis];
        window.pads[rank + axis] -= after * dilations[axis];
        kept.push((before..kernel[axis] - after).collect());
    }
    let shape = &graph.ty(*node.outputs.first()?).shape;
    let in_order = |pointwise| sum_order_of(shape, pointwise, &layer).inputs() == Some(1);
    let exact = layer.integers || layer.depthwise || in_order(false) && in_order(window.is_pointwise());
    let changed = window.kernel != *kernel;
    (changed && exact).then(|| Some((linear.with_window(window)?, kept)))?
}
