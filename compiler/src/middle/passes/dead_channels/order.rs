//! Floats are added up in the order that a layer's kernel has: what may be removed without a change of that order, the
//! kernel says.

use super::layer::Layer;
use crate::ir::linear::Linear;
use crate::ir::primitives::Window;
use crate::ir::{Graph, Node};
use runtime_core::kernels::SumOrder;

/// The order of the sums of a node which is a layer of floats, all channels with all.
pub(super) fn sum_order(graph: &Graph, node: &Node, layer: &Layer) -> SumOrder {
    let window = Linear::of(node).and_then(|linear| linear.window());
    let pointwise = window.is_none_or(Window::is_pointwise);
    sum_order_of(&graph.ty(node.outputs[0]).shape, pointwise, layer)
}

/// That of a layer whose result has this shape; `pointwise` ones are products.
pub(super) fn sum_order_of(shape: &[usize], pointwise: bool, layer: &Layer) -> SumOrder {
    if pointwise {
        let pixels = shape.iter().product::<usize>().checked_div(layer.outputs).unwrap_or(0);
        return SumOrder::of_gemm(pixels);
    }
    // The innermost spatial axis, channels-first or channels-last.
    let inner = if layer.axis == 1 {
        shape.len() - 1
    } else {
        shape.len() - 2
    };
    SumOrder::of_conv2d(shape[inner])
}
