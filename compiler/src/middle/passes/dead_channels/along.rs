//! Operators that keep channels apart: which channel of which operand becomes which of the result.

use super::super::rewrite::input;
use crate::ir::primitives::{
    Concat, Layout, Lookup, Pad, Pool, QlinearAveragePool, QlinearReduce, QlinearResize, Reduce, Reshape, Resize,
    ScaleShift, Slice, Transpose,
};
use crate::ir::{Graph, Node, Operator};

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
    fn of_one(axis: usize, pairs: Vec<(usize, usize)>) -> Option<Self> {
        Some(Self {
            axis,
            operands: vec![(0, pairs)],
            parameters: vec![],
        })
    }

    /// Reads a node, given the axis of the channels of each operand where that is known. `None` where channels mix, or where
    /// an operand has channels that nothing is known of.
    pub(super) fn of(graph: &Graph, node: &Node, axes: &[Option<usize>]) -> Option<Self> {
        let operator = node.operator().filter(|_| node.outputs.len() == 1)?;
        if operator.is_elementwise() {
            return elementwise(graph, node, axes);
        }
        if let Some(concat) = node.op::<Concat>() {
            return concatenated(graph, node, concat, axes);
        }
        let axis = axes[0].filter(|_| axes[1..].iter().all(Option::is_none))?;
        let shape = &graph.ty(input(node, 0)?).shape;
        let y = &graph.ty(node.outputs[0]).shape;
        let channels = shape[axis];
        if let Some(reshape) = node.op::<Reshape>() {
            let (to, pairs) = joined(shape, axis, &reshape.shape)?;
            return Self::of_one(to, pairs);
        }
        if let Some(slice) = node.op::<Slice>() {
            let (start, len) = (slice.starts[axis], slice.lens[axis]);
            let pairs = (0..len).map(|i| (start + i, i)).collect();
            return (slice.steps[axis] == 1).then(|| Self::of_one(axis, pairs))?;
        }
        let same = (0..channels).map(|i| (i, i)).collect();
        if let Some(transpose) = node.op::<Transpose>() {
            return Self::of_one(transpose.perm.iter().position(|p| *p == axis)?, same);
        }
        let mut along = Self::of_one(axis, same)?;
        if node.op::<ScaleShift>().is_some() {
            let known = [1, 2]
                .iter()
                .all(|i| input(node, *i).is_some_and(|v| graph.constant(v).is_some()));
            along.parameters = vec![(1, 0), (2, 0)];
            return (known && applies(operator, axis, shape, y)).then_some(along);
        }
        applies(operator, axis, shape, y).then_some(along)
    }
}

/// Whether an operator that makes a tensor of shape `y` of one of shape `x` leaves the channels along `axis` alone.
fn applies(operator: &dyn Operator, axis: usize, x: &[usize], y: &[usize]) -> bool {
    let any = operator.as_any();
    let of_image = |layout: Layout| {
        axis == if layout == Layout::ChannelsFirst {
            1
        } else {
            x.len() - 1
        }
    };
    if let Some(pool) = any.downcast_ref::<Pool>() {
        of_image(pool.layout)
    } else if let Some(pool) = any.downcast_ref::<QlinearAveragePool>() {
        of_image(pool.layout())
    } else if any.is::<QlinearReduce>() {
        x[axis] > 1 && y[axis] == x[axis]
    } else if let Some(scale) = any.downcast_ref::<ScaleShift>() {
        scale.axis == axis
    } else if let Some(reduce) = any.downcast_ref::<Reduce>() {
        !reduce.axes.contains(&axis)
    } else if let Some(pad) = any.downcast_ref::<Pad>() {
        pad.begins[axis] == 0 && pad.ends[axis] == 0
    } else if let Some(resize) = any.downcast_ref::<Resize>() {
        resize.axis != axis
    } else if let Some(resize) = any.downcast_ref::<QlinearResize>() {
        !resize.axes().contains(&axis)
    } else {
        any.is::<Lookup>()
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

/// Where channels are after a reshape that keeps the dimension of the channels or joins it with others: the axis, and what
/// became of each channel.
fn joined(shape: &[usize], axis: usize, to: &[usize]) -> Option<(usize, Vec<(usize, usize)>)> {
    let product = |dims: &[usize]| dims.iter().product::<usize>();
    let (outer, inner, channels) = (product(&shape[..axis]), product(&shape[axis + 1..]), shape[axis]);
    if shape.contains(&0) {
        return None;
    }
    let whole = |y: usize| {
        let (outer_y, inner_y) = (product(&to[..y]), product(&to[y + 1..]));
        outer.is_multiple_of(outer_y) && inner.is_multiple_of(inner_y)
    };
    let y = (0..to.len()).rfind(|y| to[*y] >= channels && whole(*y))?;
    let after = inner / product(&to[y + 1..]);
    Some((y, (0..to[y]).map(|i| (i / after % channels, i)).collect()))
}
