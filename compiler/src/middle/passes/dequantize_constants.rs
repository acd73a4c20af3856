use super::rewrite::{nodes_of, substitute};
use crate::ir::primitives::{Cast, DequantizeLinear};
use crate::ir::{DType, Graph, NodeId, OpError, Remark, RemarkKind, Tensor};
use crate::middle::fold;

/// Computes the numbers of quantised constants, for kernels that compute in floats.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    let nodes = [nodes_of::<DequantizeLinear>(graph), nodes_of::<Cast>(graph)].concat();
    for id in nodes {
        let old = graph.node(id).outputs[0];
        if let Some(numbers) = fold::dequantised(graph, old) {
            remark(graph, id, &numbers);
            let new = graph.add_constant(graph.value(old).name.clone(), numbers);
            substitute(graph, id, old, new);
        }
    }
    super::unused::run(graph)
}

/// So many bytes that weights grow by are worth a remark.
const MANY: usize = 1 << 12;

/// Tells of weights that take more bytes than in the model.
fn remark(graph: &mut Graph, id: NodeId, numbers: &Tensor) {
    let node = graph.node(id);
    let Some(integers) = node.inputs[0].and_then(|value| graph.constant(value)) else {
        return;
    };
    let (from, to) = (integers.bytes.len(), numbers.bytes.len());
    if to < from + MANY || !matches!(integers.dtype, DType::I8 | DType::U8) {
        return;
    }
    let reason = format!("gives weights of {from} bytes that are stored as floats, in {to} bytes");
    let remark = Remark::on(RemarkKind::WiderWeights, node.name.clone(), reason);
    let advice = "a product with one scale, one per column or per block of rows reads 8-bit integers around zero; \
                  with quantised activations all layers do";
    graph.add_remark(remark.advise(advice));
}
