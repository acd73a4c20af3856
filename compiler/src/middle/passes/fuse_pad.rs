use super::rewrite::{input, nodes_of, replace};
use crate::ir::linear::Linear;
use crate::ir::primitives::{Conv, Layout, Pad, PadMode, Pool, PoolKind, Quantization, Window};
use crate::ir::{Graph, NodeId, OpError, Operator, ValueId};

/// Zeros around an image, or integers that stand for zero, become the padding of the convolution that reads it; the
/// least of all numbers that of a maximum pool.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    let mut users = nodes_of::<Conv>(graph);
    users.extend(nodes_of::<Pool>(graph));
    for id in users {
        if let Some((pad, source, fused)) = find(graph, id) {
            let mut inputs = graph.node(id).inputs.clone();
            inputs[0] = Some(source);
            replace(graph, id, fused, &inputs, &[pad])?;
        }
    }
    super::unused::run(graph)
}

fn find(graph: &Graph, id: NodeId) -> Option<(NodeId, ValueId, Box<dyn Operator>)> {
    let node = graph.node(id);
    let pad_id = graph.value(input(node, 0)?).producer;
    let pad_node = graph.node(pad_id);
    let pad = pad_node.op::<Pad>().filter(|pad| pad.mode == PadMode::Constant)?;
    let filler = graph.constant(input(pad_node, 1)?)?.scalar_f64()?;
    let source = input(pad_node, 0)?;
    if let Some(layer) = Linear::of(node).filter(|layer| layer.outside() == filler) {
        let window = widened(layer.window()?, pad, layer.layout()?)?;
        return Some((pad_id, source, layer.with_window(window)?));
    }
    let dtype = graph.ty(source).dtype;
    let least = Quantization::range(dtype).map_or(f64::NEG_INFINITY, |(least, _)| least.into());
    let pool = node
        .op::<Pool>()
        .filter(|p| p.kind == PoolKind::Max && filler == least && !p.ceil_mode)?;
    let window = widened(&pool.window, pad, pool.layout)?;
    Some((pad_id, source, Pool { window, ..pool.clone() }.into()))
}

/// The window with the padding of `pad` added, if that pads spatial axes only and crops nothing.
fn widened(window: &Window, pad: &Pad, layout: Layout) -> Option<Window> {
    let rank = window.rank();
    let first = if layout == Layout::ChannelsFirst { 2 } else { 1 };
    let all = pad.begins.iter().zip(&pad.ends).enumerate();
    let mut window = window.clone();
    for (axis, (begin, end)) in all {
        match axis.checked_sub(first).filter(|spatial| *spatial < rank) {
            Some(spatial) => {
                window.pads[spatial] += begin;
                window.pads[rank + spatial] += end;
            }
            None if *begin == 0 && *end == 0 => {}
            None => return None,
        }
    }
    Some(window)
}
