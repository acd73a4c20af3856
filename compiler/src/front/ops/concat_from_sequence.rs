use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::control;
use crate::ir::op_error;
use crate::ir::primitives::Concat;

/// The tensors of a sequence along `axis`, which is a new one with `new_axis`.
pub(super) const CONCAT_FROM_SEQUENCE: OperatorDef = OperatorDef {
    name: "ConcatFromSequence",
    domain: Domain::Onnx,
    versions: &[11],
    limits: "empty sequences",
    read: |cx| {
        let axis = cx.attributes.required_int("axis")?;
        let is_new = cx.attributes.flag("new_axis", false)?;
        let tensors = cx.sequence(0)?.tensors.clone();
        let Some(first) = tensors.first() else {
            return Err(op_error(
                "the sequence is empty: nothing says what shape the result has",
            ));
        };
        let first = cx.value_ty(*first).clone();
        if is_new {
            if let Some(other) = tensors.iter().map(|value| cx.value_ty(*value)).find(|ty| **ty != first) {
                return Err(op_error(format!("tensors of {first} and {other} cannot be stacked")));
            }
            let axis = control::axis(axis, first.rank() + 1)?;
            return Ok(vec![control::stacked(cx, &tensors, axis)?]);
        }
        let axis = first.axis(axis)?;
        match tensors[..] {
            [only] => Ok(vec![only]),
            _ => Ok(vec![cx.add(Concat { axis }, &tensors)?]),
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::front::proto::AttributeProto;
    use crate::front::testing::{Given, int, run, subgraph};
    use crate::ir::{DType, Tensor};

    /// The result of nodes on `x0`, `[2, 3]`, by way of a branch that is taken.
    fn of(
        nodes: &[(&str, &[&str], &[&str])],
        stored: &[(&str, Tensor)],
        last: &[AttributeProto],
    ) -> Result<Tensor, String> {
        let mut then = subgraph("then_branch", nodes, stored, [&[], &["y"]]);
        let graph = then.g.as_mut().unwrap();
        graph.node.last_mut().unwrap().attribute.extend_from_slice(last);
        let other = subgraph("else_branch", &[("Foo", &["x1"], &["e"])], &[], [&[], &["e"]]);
        let x = Tensor::f32(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let go = crate::front::testing::Known(Tensor::scalar(DType::Bool, 1.0));
        run(17, "If", &[then, other], &[go, Given(x)], 1).map(|mut outputs| outputs.remove(0))
    }

    #[test]
    fn parts_are_taken_put_in_and_left_out() {
        let places = [("first", Tensor::i64(&[], &[0])), ("last", Tensor::i64(&[], &[-1]))];
        let nodes: [(&str, &[&str], &[&str]); 6] = [
            ("SplitToSequence", &["x1"], &["rows"]),
            ("SequenceAt", &["rows", "last"], &["row"]),
            ("SequenceErase", &["rows"], &["one"]),
            ("Identity", &["one"], &["same"]),
            ("SequenceInsert", &["same", "row", "first"], &["turned"]),
            ("ConcatFromSequence", &["turned"], &["y"]),
        ];
        let turned = Tensor::f32(&[2, 3], &[4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
        assert_eq!(of(&nodes, &places, &[int("axis", 0)]), Ok(turned));
        let flat = Tensor::f32(&[1, 6], &[4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
        assert_eq!(of(&nodes, &places, &[int("axis", 1)]), Ok(flat));
        let stacked = of(&nodes, &places, &[int("axis", -1), int("new_axis", 1)]);
        let values = [4.0, 1.0, 5.0, 2.0, 6.0, 3.0];
        assert_eq!(stacked, Ok(Tensor::f32(&[1, 3, 2], &values)));
    }

    #[test]
    fn what_cannot_be_resolved_is_refused() {
        let one = [("one", Tensor::i64(&[], &[1]))];
        let outside = of(
            &[
                ("SequenceConstruct", &["x1"], &["s"]),
                ("SequenceAt", &["s", "one"], &["y"]),
            ],
            &one,
            &[],
        );
        assert!(outside.is_err_and(|e| e.contains("position 1 is outside a sequence of 1 tensors")));
        let empty = of(
            &[("SequenceEmpty", &[], &["s"]), ("ConcatFromSequence", &["s"], &["y"])],
            &[],
            &[int("axis", 0)],
        );
        assert!(empty.is_err_and(|e| e.contains("empty")));
        let mixed = of(
            &[("SequenceConstruct", &["x1"], &["s"]), ("Relu", &["s"], &["y"])],
            &[],
            &[],
        );
        assert!(mixed.is_err_and(|e| e.contains("input 0 is a sequence of 1 tensors")));
        let output = of(&[("SequenceConstruct", &["x1", "x1"], &["y"])], &[], &[]);
        assert!(output.is_err_and(|e| e.contains("output `y0` is a sequence")));
        let length = of(
            &[
                ("SequenceConstruct", &["x1", "x1"], &["s"]),
                ("SequenceLength", &["s"], &["y"]),
            ],
            &[],
            &[],
        );
        assert_eq!(length, Ok(Tensor::i64(&[], &[2])));
    }
}
