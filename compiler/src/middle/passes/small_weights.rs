use super::rewrite::{add, input, nodes_of, replace};
use crate::ir::primitives::{
    Binary, BinaryOp, Cast, DequantizeLinear, Gather, MatMul, Reshape, ScaledGemm, Transpose, weights_around_zero,
};
use crate::ir::{DType, Graph, Node, NodeId, OpError, Tensor, ValueId};

/// Weights of fewer bytes are as well stored as floats, whose products take a bias and an activation with them.
const LEAST: usize = 1024;

/// Products of floats by a constant matrix that is dequantised, and rows that are taken from one, read its integers,
/// unless these are few.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in nodes_of::<Gather>(graph) {
        rows(graph, id)?;
    }
    for id in nodes_of::<MatMul>(graph) {
        let node = graph.node(id);
        let (Some(x), Some(w)) = (input(node, 0), input(node, 1)) else {
            continue;
        };
        let (x_ty, name) = (graph.ty(x).clone(), graph.value(w).name.clone());
        if x_ty.dtype != DType::F32 || x_ty.rank() < 2 || x_ty.is_empty() {
            continue;
        }
        let Some(small) = Small::of(graph, w).filter(|small| small.integers.len() >= LEAST) else {
            continue;
        };
        let block = small.block;
        let integers = graph.add_constant(name.clone(), small.integers);
        let scales = graph.add_constant(format!("{name}_scales"), small.scales);
        replace(
            graph,
            id,
            ScaledGemm { block },
            &[Some(x), Some(integers), Some(scales)],
            &[],
        )?;
    }
    super::unused::run(graph)
}

/// Takes elements before they are dequantised, where all that are taken have the same scales.
fn rows(graph: &mut Graph, id: NodeId) -> Result<(), OpError> {
    let node = graph.node(id);
    let (Some(gather), Some(table), Some(indices)) = (node.op::<Gather>().cloned(), input(node, 0), input(node, 1))
    else {
        return Ok(());
    };
    let producer = graph.producer(table);
    let (Some(operator), Some(integers)) = (producer.op::<DequantizeLinear>(), input(producer, 0)) else {
        return Ok(());
    };
    let mut from = operator.from.clone();
    let is_small = graph.constant(integers).is_some_and(|table| table.len() >= LEAST);
    if !is_small || from.scales.len() > 1 && from.axis == gather.axis {
        return Ok(());
    }
    if from.scales.len() > 1 && from.axis > gather.axis {
        from.axis = from.axis + graph.ty(indices).rank() - 1;
    }
    let taken = add(graph, id, gather, &[integers, indices])?;
    replace(graph, id, DequantizeLinear { from }, &[Some(taken)], &[])?;
    Ok(())
}

/// A matrix as integers `[k, n]`, `i8`, and scales `[blocks, n]`.
struct Small {
    integers: Tensor,
    scales: Tensor,
    block: usize,
}

impl Small {
    fn of(graph: &Graph, value: ValueId) -> Option<Self> {
        Self::dequantised(graph, value).or_else(|| Self::blocks(graph, value))
    }

    /// With one scale for all, or one for each column.
    fn dequantised(graph: &Graph, value: ValueId) -> Option<Self> {
        let (node, turned) = before_transpose(graph, value);
        let from = &node.op::<DequantizeLinear>()?.from;
        let integers = graph.constant(input(node, 0)?)?;
        let [rows, columns] = integers.shape[..] else {
            return None;
        };
        if rows == 0 || columns == 0 || from.scales.len() > 1 && from.axis == usize::from(turned) {
            return None;
        }
        let channels: Vec<usize> = from.channels(&integers.shape).collect();
        let mut centred = weights_around_zero(integers, |index| from.zeros.get(channels[index]).copied())?;
        let (mut k, mut n) = (rows, columns);
        if turned {
            (k, n) = (columns, rows);
            centred = swapped(&centred, [rows, columns]);
        }
        let scale = |column: usize| from.scales[if from.scales.len() == 1 { 0 } else { column }];
        Some(Self {
            integers: of_bytes([k, n], centred),
            scales: Tensor::f32(&[1, n], &(0..n).map(scale).collect::<Vec<_>>()),
            block: k,
        })
    }

    /// With a scale for each block of rows, as `DequantizeLinear` with blocks is read; or of columns, and then
    /// transposed.
    fn blocks(graph: &Graph, value: ValueId) -> Option<Self> {
        let (node, turned) = before_transpose(graph, value);
        let shape = &node.op::<Reshape>()?.shape;
        let [rows, columns] = shape[..] else { return None };
        let product = graph.producer(input(node, 0)?);
        if product.op::<Binary>()?.op != BinaryOp::Mul {
            return None;
        }
        let (factor, scales) = (input(product, 0)?, graph.constant(input(product, 1)?)?);
        let (integers, zeros) = integers(graph, factor)?;
        let [outer, count, block, inner] = integers.shape[..] else {
            return None;
        };
        let scale_values = scales.to_f32().filter(|_| scales.shape == [outer, count, 1, inner])?;
        let parameter = |index: usize| index / (block * inner) * inner + index % inner;
        let zero = |index: usize| match &zeros[..] {
            [] => Some(0),
            zeros => zeros.get(parameter(index)).copied(),
        };
        let fits = zeros.is_empty() || zeros.len() == scale_values.len();
        let centred = weights_around_zero(&integers, zero).filter(|_| fits)?;
        match (turned, outer, inner) {
            (false, 1, _) => Some(Self {
                integers: of_bytes([rows, columns], centred),
                scales: Tensor::f32(&[count, columns], &scale_values),
                block,
            }),
            (true, _, 1) => Some(Self {
                integers: of_bytes([columns, rows], swapped(&centred, [rows, columns])),
                scales: Tensor::f32(&[count, rows], &swapped(&scale_values, [rows, count])),
                block,
            }),
            _ => None,
        }
    }
}

/// The node that gives a matrix, or the one before if that transposes it, and whether it does.
fn before_transpose(graph: &Graph, value: ValueId) -> (&Node, bool) {
    let node = graph.producer(value);
    let turned = node.op::<Transpose>().is_some_and(|transpose| transpose.perm == [1, 0]);
    match input(node, 0).filter(|_| turned) {
        Some(before) => (graph.producer(before), true),
        None => (node, false),
    }
}

/// A constant of integers as floats, and what is subtracted from them.
fn integers(graph: &Graph, value: ValueId) -> Option<(Tensor, Vec<i32>)> {
    let node = graph.producer(value);
    if node.op::<Cast>().is_some() {
        return Some((graph.constant(input(node, 0)?)?.clone(), vec![]));
    }
    if node.op::<Binary>()?.op != BinaryOp::Sub {
        return None;
    }
    let (integers, _) = integers(graph, input(node, 0)?)?;
    let zeros = graph.constant(input(node, 1)?)?.to_f64();
    Some((integers, zeros.iter().map(|zero| *zero as i32).collect()))
}

fn of_bytes(shape: [usize; 2], integers: Vec<i8>) -> Tensor {
    Tensor::new(
        DType::I8,
        shape.to_vec(),
        integers.into_iter().map(|w| w as u8).collect(),
    )
}

/// A matrix transposed.
fn swapped<T: Copy>(values: &[T], [rows, columns]: [usize; 2]) -> Vec<T> {
    let places = (0..columns).flat_map(|column| (0..rows).map(move |row| row * columns + column));
    places.map(|place| values[place]).collect()
}

/// Products of floats by the numbers of small weights again, for passes that know no others.
pub(super) fn widen(graph: &mut Graph) -> Result<(), OpError> {
    for id in nodes_of::<ScaledGemm>(graph) {
        if let Some((x, numbers)) = numbers(graph, id) {
            let w = graph.add_constant(graph.node(id).name.clone(), numbers);
            replace(graph, id, MatMul, &[Some(x), Some(w)], &[])?;
        }
    }
    super::unused::run(graph)
}

/// The input of a product, and its weights as numbers.
fn numbers(graph: &Graph, id: NodeId) -> Option<(ValueId, Tensor)> {
    let node = graph.node(id);
    let block = node.op::<ScaledGemm>()?.block;
    let (w, scales) = (
        graph.constant(input(node, 1)?)?,
        graph.constant(input(node, 2)?)?.to_f32()?,
    );
    let [k, n] = w.shape[..] else { return None };
    let number = |index: usize| f32::from(w.bytes[index] as i8) * scales[index / n / block * n + index % n];
    let numbers: Vec<f32> = (0..k * n).map(number).collect();
    Some((input(node, 0)?, Tensor::f32(&[k, n], &numbers)))
}
