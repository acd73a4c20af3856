//! Floats are summed in the order of the channels, but for lone rows of the register tile, which are four sums: what may be
//! removed without a change of any order.

use super::layer::Layer;
use crate::ir::linear::Linear;
use crate::ir::primitives::Window;
use crate::ir::{Graph, Node};
use runtime_core::pack::PANEL;

/// Sums that a lone row is split into.
const PARTS: usize = 4;

/// Columns up to which a panel is narrow: its rows are tiled by eight, four and one.
const NARROW: usize = 8;

/// Rows that a product always tiles together.
const BLOCK: usize = 32;

/// How a kernel divides the outputs of a layer of floats into tiles.
pub(super) struct Tiling {
    /// Rows of outputs that are tiled together: pixels, or those of one row of an image.
    rows: usize,
    /// Whether it is a product of matrices, whose inputs are one run of numbers.
    product: bool,
}

impl Tiling {
    /// That of a node which is such a layer.
    pub(super) fn of(graph: &Graph, node: &Node, layer: &Layer) -> Self {
        let window = Linear::of(node).and_then(|linear| linear.window());
        let pointwise = window.is_none_or(Window::is_pointwise);
        Self::new(&graph.ty(node.outputs[0]).shape, pointwise, layer)
    }

    /// That of a layer whose result has this shape; `pointwise` ones are products.
    pub(super) fn new(shape: &[usize], pointwise: bool, layer: &Layer) -> Self {
        let pixels = shape.iter().product::<usize>().checked_div(layer.outputs).unwrap_or(0);
        // The innermost spatial axis.
        let inner = if layer.axis == 1 {
            shape.len() - 1
        } else {
            shape.len() - 2
        };
        Self {
            rows: if pointwise { pixels } else { shape[inner] },
            product: pointwise,
        }
    }

    /// Whether every panel, wide or narrow, is tiled alike.
    fn is_even(&self) -> bool {
        self.rows == 1 || self.rows.is_multiple_of(4) && (!self.product || self.rows <= BLOCK)
    }

    /// The least number of outputs, of at least `kept`, that are summed as they were when there were `all`.
    pub(super) fn outputs(&self, all: usize, kept: usize) -> usize {
        if self.is_even() || all <= NARROW {
            kept
        } else if is_narrow(all) {
            all
        } else {
            (kept..all).find(|n| !is_narrow(*n)).unwrap_or(all)
        }
    }

    /// Of how many neighbouring inputs all or none must go; `None` if none may.
    pub(super) fn inputs(&self, layer: &Layer) -> Option<usize> {
        let blocks_end_alone = || self.product && (1..=layer.inputs).any(|k| last_block(self.rows, k) == 1);
        if self.rows == 1 {
            self.product.then_some(PARTS)
        } else {
            (self.is_even() || !is_narrow(layer.outputs) && !blocks_end_alone()).then_some(1)
        }
    }
}

/// Rows of the last block that a product by `k` rows of weights is divided into.
fn last_block(rows: usize, k: usize) -> usize {
    let most = 4096_usize.checked_div(k).unwrap_or(1).max(BLOCK);
    let block = rows.div_ceil(rows.div_ceil(most).max(1)).max(1);
    (rows + block - 1) % block + 1
}

/// Whether the last panel of so many columns is narrow.
fn is_narrow(columns: usize) -> bool {
    (1..=NARROW).contains(&(columns % PANEL))
}
