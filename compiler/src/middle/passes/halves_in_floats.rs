use super::rewrite::{add, substitute};
use crate::ir::primitives::Cast;
use crate::ir::{DType, Graph, NodeId, NodeKind, OpError, TensorType, ValueId};
use std::collections::{BTreeMap, BTreeSet};

/// Computes in `f32` what is computed in `f16`: kernels do so anyway, and rounding between them only costs digits and
/// time. ONNX Runtime does the same on processors. What is left rounds: the inputs and outputs of the model, and the
/// casts that the model itself asks for. Halves that are only moved stay halves.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    if !graph.has_type(DType::F16) {
        return Ok(());
    }
    let parts = parts(graph);
    // For values in `f16` the same in `f32`, before it is rounded.
    let mut wide: BTreeMap<ValueId, ValueId> = BTreeMap::new();
    for id in graph.order() {
        let node = graph.node(id);
        if let Some(Cast { to }) = node.op::<Cast>().cloned() {
            let (source, result) = (node.inputs[0], node.outputs[0]);
            let Some(source) = source else { continue };
            let own = node.origin.iter().any(|name| parts.get(name) == Some(&1));
            match wide.get(&source) {
                Some(unrounded) if to == DType::F32 => substitute(graph, id, result, *unrounded),
                None if to == DType::F16 && graph.ty(source).dtype == DType::F32 && !own => {
                    wide.insert(result, source);
                }
                _ => {}
            }
        } else if node.operator().is_some() && has_halves(graph, id) {
            widen(graph, id, &mut wide)?;
        }
    }
    super::unused::run(graph)
}

fn is_half(graph: &Graph, value: ValueId) -> bool {
    graph.ty(value).dtype == DType::F16
}

fn has_halves(graph: &Graph, id: NodeId) -> bool {
    let node = graph.node(id);
    let mut values = node.inputs.iter().flatten().chain(&node.outputs);
    values.any(|value| is_half(graph, *value))
}

/// How many operators stand for each ONNX node. A cast that is all that a node is comes from the model, others come
/// from readers of operators whose kernels compute in `f32`.
fn parts(graph: &Graph) -> BTreeMap<String, usize> {
    let mut parts = BTreeMap::new();
    for id in graph.order() {
        for name in &graph.node(id).origin {
            *parts.entry(name.clone()).or_insert(0) += 1;
        }
    }
    parts
}

/// Puts the node's operator on operands in `f32` in its place, if it takes them.
fn widen(graph: &mut Graph, id: NodeId, wide: &mut BTreeMap<ValueId, ValueId>) -> Result<(), OpError> {
    let node = graph.node(id).clone();
    let NodeKind::Operator(operator) = node.kind else {
        return Ok(());
    };
    let halves: Vec<ValueId> = node.inputs.iter().flatten().copied().collect();
    let halves: Vec<ValueId> = halves.into_iter().filter(|value| is_half(graph, *value)).collect();
    let moves = operator.movement(node.inputs.len()).is_some();
    if halves.is_empty() || (moves && !halves.iter().any(|half| wide.contains_key(half))) {
        return Ok(());
    }
    let missing: BTreeSet<ValueId> = halves.into_iter().filter(|half| !wide.contains_key(half)).collect();
    for half in missing {
        let float = add(graph, id, Cast { to: DType::F32 }, &[half])?;
        wide.insert(half, float);
    }
    let inputs = node
        .inputs
        .iter()
        .map(|value| value.map(|value| wide.get(&value).copied().unwrap_or(value)));
    let inputs: Vec<_> = inputs.collect();
    let Ok(new) = graph.add(node.name.clone(), operator, &inputs, &node.origin) else {
        return Ok(());
    };
    let results = graph.node(new).outputs.clone();
    let widened = |ty: &TensorType| match ty.dtype {
        DType::F16 => TensorType::new(DType::F32, ty.shape.clone()),
        _ => ty.clone(),
    };
    let both: Vec<_> = node.outputs.iter().copied().zip(results).collect();
    if both.iter().any(|(old, new)| widened(graph.ty(*old)) != *graph.ty(*new)) {
        graph.remove(new);
        return Ok(());
    }
    for (old, float) in both {
        let name = graph.value(old).name.clone();
        graph.rename(float, name);
        if is_half(graph, old) {
            let rounded = add(graph, new, Cast { to: DType::F16 }, &[float])?;
            graph.replace_uses(old, rounded);
            wide.insert(rounded, float);
        } else {
            graph.replace_uses(old, float);
        }
    }
    graph.remove(id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::ir::primitives::{Binary, BinaryOp, Cast, Reshape};
    use crate::ir::{DType, Graph, TensorType, ValueId, verify};
    use runtime_core::function::Identity;

    fn plain(op: BinaryOp) -> Binary {
        Binary {
            op,
            activation: Identity.into(),
        }
    }

    fn names(graph: &Graph) -> Vec<(&'static str, DType)> {
        let nodes = graph.order().into_iter().map(|id| graph.node(id));
        let named = nodes.filter_map(|node| Some((node.operator()?.name(), graph.ty(node.outputs[0]).dtype)));
        named.collect()
    }

    fn cast(graph: &mut Graph, to: DType, x: ValueId, origin: &str) -> ValueId {
        graph.add_op(origin, Cast { to }, &[x], &[origin.to_owned()]).unwrap()
    }

    /// A layer that computes in floats and rounds, and a sum behind it. `own` makes the cast a node of the model.
    fn after(own: bool) -> Vec<(&'static str, DType)> {
        let mut graph = Graph::new("model");
        let x = graph.add_input("x", TensorType::new(DType::F32, [2]));
        let layer = ["layer".to_owned()];
        let y = graph.add_op("layer", plain(BinaryOp::Mul), &[x, x], &layer).unwrap();
        let y = cast(&mut graph, DType::F16, y, if own { "cast" } else { "layer" });
        let moved = Reshape { shape: vec![1, 2] };
        let y = graph.add_op("move", moved, &[y], &["move".to_owned()]).unwrap();
        let y = graph
            .add_op("sum", plain(BinaryOp::Add), &[y, y], &["sum".to_owned()])
            .unwrap();
        graph.add_output("y", y);
        run(&mut graph).unwrap();
        verify(&graph).unwrap();
        names(&graph)
    }

    #[test]
    fn only_casts_of_the_model_and_its_outputs_round() {
        let (f32, f16) = (DType::F32, DType::F16);
        assert_eq!(
            after(false),
            [("Mul", f32), ("Reshape", f32), ("Add", f32), ("Cast", f16)]
        );
        let rounded = [
            ("Mul", f32),
            ("Cast", f16),
            ("Reshape", f16),
            ("Cast", f32),
            ("Add", f32),
            ("Cast", f16),
        ];
        assert_eq!(after(true), rounded);
    }
}
