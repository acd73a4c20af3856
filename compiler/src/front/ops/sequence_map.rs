use crate::front::node::{Domain, Item, OperatorDef, Sequence};
use crate::front::shared::sequences::bound;
use crate::ir::op_error;

/// A sub-graph for each tensor of a sequence, with those at the same place of further sequences, and tensors as they
/// are.
pub(super) const SEQUENCE_MAP: OperatorDef = OperatorDef {
    name: "SequenceMap",
    domain: Domain::Onnx,
    versions: &[17],
    limits: "unrolled; empty sequences",
    read: |cx| {
        let len = cx.sequence(0)?.tensors.len();
        bound(len)?;
        if len == 0 {
            return Err(op_error(
                "the sequence is empty: nothing says what types the results have",
            ));
        }
        let mut outputs: Vec<Sequence> = vec![];
        for place in 0..len {
            let mut given = vec![];
            for index in 0..cx.input_count() {
                let item = cx.item(index)?;
                given.push(match &item {
                    Item::Tensor(_) => item,
                    Item::Sequence(sequence) => {
                        let tensor = sequence.tensors.get(place).copied();
                        let shorter = || op_error(format!("input {index} has fewer than {len} tensors"));
                        Item::Tensor(tensor.ok_or_else(shorter)?)
                    }
                });
            }
            for (number, item) in cx.subgraph_of_items("body", &given)?.iter().enumerate() {
                let value = item.tensor().ok_or_else(|| op_error("the body gives a sequence"))?;
                let dtype = cx.value_ty(value).dtype;
                if outputs.len() == number {
                    outputs.push(Sequence { dtype, tensors: vec![] });
                }
                outputs[number].tensors.push(value);
            }
        }
        cx.give(outputs.into_iter().map(Item::Sequence).collect())
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run, subgraph};
    use crate::ir::Tensor;

    #[test]
    fn each_tensor_by_itself() {
        let add = subgraph("body", &[("Add", &["a", "b"], &["c"])], &[], [&["a", "b"], &["c"]]);
        let mut nodes = subgraph(
            "then_branch",
            &[
                ("SplitToSequence", &["x1"], &["s"]),
                ("SequenceMap", &["s", "x1"], &["t"]),
                ("ConcatFromSequence", &["t"], &["y"]),
            ],
            &[],
            [&[], &["y"]],
        );
        let graph = nodes.g.as_mut().unwrap();
        graph.node[1].attribute.push(add);
        graph.node[2].attribute.push(int("axis", 0));
        let other = subgraph("else_branch", &[("Foo", &["x1"], &["e"])], &[], [&[], &["e"]]);
        let go = crate::front::testing::Known(Tensor::scalar(crate::ir::DType::Bool, 1.0));
        let x = Given(Tensor::f32(&[2], &[1.0, 2.0]));
        let y = run(17, "If", &[nodes, other], &[go, x], 1);
        assert_eq!(y, Ok(vec![Tensor::f32(&[4], &[2.0, 3.0, 3.0, 4.0])]));
    }
}
