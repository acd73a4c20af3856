use super::rewrite::{either, input, nodes_of, plain, replace};
use crate::ir::primitives::{Binary, BinaryOp, Cast, DequantizeLinear, Quantization};
use crate::ir::{DType, Graph, NodeId, OpError, Tensor, ValueId};

/// Constant integers that a `Cast` makes floats of, less a zero point and times a scale, are dequantised: so that what
/// reads them reads integers, or so that they fold.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in nodes_of::<Binary>(graph) {
        if let Some((integers, from)) = dequantization(graph, id) {
            replace(graph, id, DequantizeLinear { from }, &[Some(integers)], &[])?;
        }
    }
    super::unused::run(graph)
}

/// The integers that a product stands for, and how.
fn dequantization(graph: &Graph, id: NodeId) -> Option<(ValueId, Quantization)> {
    let node = graph.node(id);
    plain(node, BinaryOp::Mul)?;
    let (integers, zeros, scales) = either(node)?.into_iter().find_map(|(a, b)| {
        let scales = graph.constant(b).filter(|scales| scales.dtype == DType::F32)?;
        let (integers, zeros) = centred(graph, a)?;
        Some((integers, zeros, scales))
    })?;
    let ty = graph.ty(integers);
    if graph.ty(node.outputs[0]).shape != ty.shape {
        return None;
    }
    let axis = axis(&scales.shape, &ty.shape)?;
    let scales = scales.to_f32()?;
    let zeros = match zeros {
        None => vec![0; scales.len()],
        Some(zeros) => {
            let same = zeros.len() == 1 || axis == self::axis(&zeros.shape, &ty.shape)?;
            let given = Some(zeros.to_f64()).filter(|zeros| same && zeros.iter().all(|zero| zero.fract() == 0.0))?;
            match given[..] {
                [zero] => vec![zero as i32; scales.len()],
                _ => given.iter().map(|zero| *zero as i32).collect(),
            }
        }
    };
    let (least, greatest) = Quantization::range(ty.dtype)?;
    let fits = zeros.len() == scales.len() && zeros.iter().all(|zero| (least..=greatest).contains(zero));
    let normal = scales.iter().all(|scale| scale.is_normal() && *scale > 0.0);
    (fits && normal).then_some((
        integers,
        Quantization {
            dtype: ty.dtype,
            scales,
            zeros,
            axis,
        },
    ))
}

/// Constant integers as floats, with a constant that is subtracted from them.
fn centred(graph: &Graph, value: ValueId) -> Option<(ValueId, Option<&Tensor>)> {
    let node = graph.producer(value);
    if plain(node, BinaryOp::Sub).is_some() {
        let (integers, none) = centred(graph, input(node, 0)?)?;
        let zeros = graph.constant(input(node, 1)?)?;
        return none.is_none().then_some((integers, Some(zeros)));
    }
    if node.op::<Cast>()?.to != DType::F32 {
        return None;
    }
    let integers = input(node, 0)?;
    let constant = graph.constant(integers)?;
    matches!(constant.dtype, DType::I8 | DType::U8).then_some((integers, None))
}

/// The axis along which parameters of this shape lie, where they broadcast to `shape`; of no consequence for a single
/// one.
fn axis(parameters: &[usize], shape: &[usize]) -> Option<usize> {
    let lacking = shape.len().checked_sub(parameters.len())?;
    let mut long = (0..parameters.len()).filter(|axis| parameters[*axis] != 1);
    match (long.next(), long.next()) {
        (None, _) => Some(0),
        (Some(axis), None) if parameters[axis] == shape[lacking + axis] => Some(lacking + axis),
        _ => None,
    }
}
