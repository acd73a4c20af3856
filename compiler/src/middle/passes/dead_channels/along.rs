//! Operators that keep channels apart: which channel of which operand becomes which of the result.

use super::super::rewrite::input;
use crate::ir::primitives::{Concat, ScaleShift};
use crate::ir::{Graph, Node};

/// What an operator does to channels.
pub(super) struct Along {
    /// Axis of the channels of the result.
    pub(super) axis: usize,
    /// Operands whose channels these are, with (channel of the operand, channel of the result) of each.
    pub(super) operands: Vec<(usize, Vec<(usize, usize)>)>,
    /// Constant operands with numbers for each channel, and the axis of these.
    pub(super) parameters: Vec<(usize, usize)>,
}

impl Along {
    /// Reads a node, given the axis of the channels of each operand where that is known. `None` where channels mix, or
    /// where an operand has channels that nothing is known of.
    pub(super) fn of(graph: &Graph, node: &Node, axes: &[Option<usize>]) -> Option<Self> {
        let operator = node.operator().filter(|_| node.outputs.len() == 1)?;
        if operator.is_elementwise() {
            return elementwise(graph, node, axes);
        }
        if let Some(concat) = node.op::<Concat>() {
            return concatenated(graph, node, concat, axes);
        }
        let axis = axes[0].filter(|_| axes[1..].iter().all(Option::is_none))?;
        let (x, y) = (graph.ty(input(node, 0)?), graph.ty(node.outputs[0]));
        let parts = operator.parts(axis, &x.shape, &y.shape)?;
        // Factors and offsets of each channel.
        let parameters = if node.op::<ScaleShift>().is_some() {
            vec![(1, 0), (2, 0)]
        } else {
            vec![]
        };
        let is_known = |index: usize| input(node, index).is_some_and(|v| graph.constant(v).is_some());
        let known = parameters.iter().all(|(index, _)| is_known(*index));
        known.then(|| Self {
            axis: parts.axis,
            operands: vec![(0, parts.pairs)],
            parameters,
        })
    }
}

fn elementwise(graph: &Graph, node: &Node, axes: &[Option<usize>]) -> Option<Along> {
    let shape = &graph.ty(node.outputs[0]).shape;
    let aligned = |index: usize| {
        let rank = graph.ty(input(node, index)?).rank();
        Some(axes[index]? + shape.len() - rank)
    };
    let axis = (0..axes.len()).find_map(aligned)?;
    let mut along = Along {
        axis,
        operands: vec![],
        parameters: vec![],
    };
    for (index, known) in axes.iter().enumerate() {
        let Some(value) = input(node, index) else { continue };
        let ty = graph.ty(value);
        let own = (axis + ty.rank()).checked_sub(shape.len());
        let broadcast = own.is_none_or(|own| ty.shape[own] == 1 && shape[axis] != 1);
        if broadcast {
            // Its one channel, if it has any, meets all of the others.
            known.is_none().then_some(())?;
        } else if known.is_some() {
            let same = *known == own && ty.shape[own?] == shape[axis];
            let pairs = (0..shape[axis]).map(|i| (i, i)).collect();
            along.operands.push((index, pairs));
            same.then_some(())?;
        } else {
            graph.constant(value)?;
            along.parameters.push((index, own?));
        }
    }
    Some(along)
}

fn concatenated(graph: &Graph, node: &Node, concat: &Concat, axes: &[Option<usize>]) -> Option<Along> {
    let axis = axes.iter().flatten().next().copied()?;
    axes.iter().flatten().all(|other| *other == axis).then_some(())?;
    let mut first = 0;
    let mut operands = vec![];
    for (index, known) in axes.iter().enumerate() {
        let channels = graph.ty(input(node, index)?).shape[axis];
        if known.is_some() {
            operands.push((index, (0..channels).map(|i| (i, first + i)).collect()));
        } else if concat.axis != axis {
            return None;
        }
        first += if concat.axis == axis { channels } else { 0 };
    }
    Some(Along {
        axis,
        operands,
        parameters: vec![],
    })
}
