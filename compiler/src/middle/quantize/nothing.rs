use super::role::Role;
use super::{Groups, Report};
use crate::Error;
use crate::ir::primitives::{Attention, Conv, ConvTranspose, Gemm, Recurrence};
use crate::ir::{DType, Graph, Node};

/// Refuses a graph of which nothing becomes integers, or none of what multiplies by weights.
///
/// # Errors
/// Such a graph, with the reason.
pub(super) fn something(graph: &Graph, groups: &Groups, report: &Report) -> Result<(), Error> {
    let computes = graph
        .order()
        .into_iter()
        .any(|id| matches!(groups.role(id), Role::Computes(_)));
    let multiplies = graph.order().into_iter().any(|id| multiplies(graph.node(id)));
    let nothing = report.tensors == 0 || !computes || multiplies;
    if report.layers > 0 || !nothing {
        return Ok(());
    }
    let types = graph.inputs().iter().map(|v| graph.ty(*v).dtype);
    let wide = types
        .into_iter()
        .find(|dtype| matches!(dtype, DType::F64 | DType::F16 | DType::Bf16));
    let (why, help) = match wide {
        Some(dtype) => (
            format!("its numbers are {dtype}, and integers take the place of float32 only"),
            "export the model in float32",
        ),
        None => {
            let reasons = report.float.iter().take(3);
            let reasons: Vec<_> = reasons
                .map(|(name, why)| format!("`{}`: {why}", name.escape_debug()))
                .collect();
            let why = if reasons.is_empty() {
                "it only moves, chooses or compares numbers".to_owned()
            } else {
                reasons.join("; ")
            };
            (why, "compile it without --quantize")
        }
    };
    Err(Error::quantization(
        format!("no layer of the model becomes integers: {why}"),
        help,
    ))
}

/// Whether a node is a layer: it multiplies what it reads by weights, or two values by each other.
pub fn multiplies(node: &Node) -> bool {
    node.op::<Conv>().is_some()
        || node.op::<ConvTranspose>().is_some()
        || node.op::<Gemm>().is_some()
        || node.op::<Recurrence>().is_some()
        || node.op::<Attention>().is_some()
}
