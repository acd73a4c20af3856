//! What is to blame for a value that is infinite or not a number.

use super::Watch;
use crate::Error;
use crate::ir::{Graph, NodeKind, Tensor, ValueId};
use std::collections::{HashMap, HashSet};

/// The error for `value`, which is not finite in sample number `number`: it names the constant, the input or the
/// operator where that begins.
pub(super) fn error(graph: &Graph, value: ValueId, number: usize, sample: &[Tensor]) -> Error {
    let root = root(graph, value, sample).unwrap_or(value);
    let (name, what) = (
        graph.value(root).name.escape_debug(),
        graph.value(value).name.escape_debug(),
    );
    let reaches = if root == value {
        String::new()
    } else {
        format!(", which reach `{what}`")
    };
    let node = graph.producer(root);
    match &node.kind {
        NodeKind::Constant(_) => Error::quantization(
            format!("the model's constant `{name}` holds elements that are infinite or not numbers{reaches}"),
            "no integer stands for them: where it is a mask that a Softmax reads, a finite number such as -1e4 does the same",
        ),
        NodeKind::Input => Error::samples(
            format!("sample {number} of input `{name}` holds elements that are infinite or not numbers{reaches}"),
            "leave such samples out of the calibration file, or, where the input is a mask that a Softmax reads, \
             put a finite number such as -1e4 in their place",
        ),
        NodeKind::Operator(_) | NodeKind::State => {
            let operands = node.inputs.iter().flatten();
            let operands = operands.filter(|operand| graph.constant(**operand).is_none());
            let operands: Vec<_> = operands
                .map(|operand| format!("`{}`", graph.value(*operand).name.escape_debug()))
                .collect();
            Error::quantization(
                format!(
                    "sample {number}: `{name}` becomes infinite or not a number, of finite operands {}{reaches}",
                    operands.join(", ")
                ),
                "leave the sample out if no real input is like it; otherwise the model divides by zero or exceeds what \
                 floats hold there, and cannot be in integers",
            )
        }
    }
}

/// Where it begins: from `value` back as long as an operand is not finite either. `None` where that cannot be computed.
fn root(graph: &Graph, value: ValueId, sample: &[Tensor]) -> Option<ValueId> {
    let mut ancestors = vec![];
    let mut open = vec![value];
    let mut seen = HashSet::new();
    while let Some(value) = open.pop() {
        if seen.insert(value) {
            ancestors.push(value);
            open.extend(graph.producer(value).inputs.iter().flatten());
        }
    }
    let watch = Watch::new(graph, &ancestors).ok()?;
    let (_, tensors) = watch.start().run(sample);
    let is_bad = |tensor: &Tensor| tensor.dtype.is_float() && tensor.to_f64().iter().any(|v| !v.is_finite());
    let bad: HashMap<_, _> = ancestors.into_iter().zip(tensors.iter().map(is_bad)).collect();
    let mut root = value;
    let mut operands = graph.producer(root).inputs.iter().flatten();
    while let Some(operand) = operands.find(|operand| bad[*operand]) {
        root = *operand;
        operands = graph.producer(root).inputs.iter().flatten();
    }
    Some(root)
}

#[cfg(test)]
mod tests {
    use super::error;
    use crate::ir::primitives::{Binary, BinaryOp, Softmax};
    use crate::ir::{DType, Graph, Tensor, TensorType, ValueId};

    /// A mask that a softmax takes, then a quotient, and what is said of value `of` of these.
    fn blamed(mask: f32, x: [f32; 2], of: usize) -> String {
        let mut graph = Graph::new("g");
        let input = graph.add_input("x", TensorType::new(DType::F32, [2]));
        let mask = graph.add_constant("mask", Tensor::f32(&[2], &[0.0, mask]));
        let add = |graph: &mut Graph, name: &str, op: BinaryOp, inputs: &[ValueId]| {
            graph.add_op(name, Binary::from(op), inputs, &[]).unwrap()
        };
        let masked = add(&mut graph, "masked", BinaryOp::Add, &[input, mask]);
        let shares = graph
            .add_op("shares", Softmax { axis: 0, log: false }, &[masked], &[])
            .unwrap();
        let quotient = add(&mut graph, "quotient", BinaryOp::Div, &[shares, input]);
        let twice = add(&mut graph, "twice", BinaryOp::Add, &[quotient, quotient]);
        graph.add_output("y", twice);
        let value = [input, masked, shares, quotient, twice][of];
        error(&graph, value, 7, &[Tensor::f32(&[2], &x)]).to_string()
    }

    #[test]
    fn the_blame_is_where_it_begins() {
        let infinity = f32::INFINITY;
        let mask = blamed(-infinity, [1.0, 2.0], 1);
        assert!(
            mask.starts_with("the model's constant `mask` holds") && mask.ends_with("which reach `masked`"),
            "{mask}"
        );
        let sample = blamed(-1e4, [1.0, infinity], 1);
        assert!(sample.starts_with("sample 7 of input `x` holds"), "{sample}");
        // What a softmax has taken is not to blame for what is infinite after it.
        let divided = blamed(-infinity, [0.0, 2.0], 4);
        let begin = "sample 7: `quotient` becomes infinite or not a number, of finite operands `shares`, `x`";
        assert!(
            divided.starts_with(begin) && divided.ends_with("which reach `twice`"),
            "{divided}"
        );
    }
}
