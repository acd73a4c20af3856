use crate::front::node::{Domain, Item, NodeContext, OperatorDef};
use crate::front::shared::control;
use crate::ir::{OpError, ValueId, op_error};

/// One of two sub-graphs. Where the condition is known only that one is read; else both are computed, and the results
/// of one are taken.
pub(super) const IF: OperatorDef = OperatorDef {
    name: "If",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 16, 19, 21, 23, 24, 25],
    limits: "where the condition is not known at compile time both branches are computed, and must give \
             the same types",
    read: |cx| {
        let condition = control::condition(cx, cx.input(0)?)?;
        cx.attributes.ignore("then_branch");
        cx.attributes.ignore("else_branch");
        match control::known(cx, condition) {
            Some(condition) => {
                let outputs = cx.subgraph_of_items(if condition { "then_branch" } else { "else_branch" }, &[])?;
                cx.give(outputs)
            }
            None => {
                let chosen = cx.branch("then_branch", condition)?;
                let other = cx.branch("else_branch", condition)?;
                chosen_of(cx, condition, &chosen, &other)
            }
        }
    },
};

fn chosen_of(
    cx: &mut NodeContext<'_>,
    condition: ValueId,
    chosen: &[Item],
    other: &[Item],
) -> Result<Vec<ValueId>, OpError> {
    if chosen.len() != other.len() {
        return Err(op_error(format!(
            "the branches have {} and {} outputs",
            chosen.len(),
            other.len()
        )));
    }
    let pairs = chosen.iter().zip(other);
    let outputs = pairs.map(|(a, b)| control::select_item(cx, condition, a, b));
    let outputs = outputs.collect::<Result<_, _>>()?;
    cx.give(outputs)
}

#[cfg(test)]
mod tests {
    use crate::front::proto::AttributeProto;
    use crate::front::testing::{Given, Known, run, subgraph};
    use crate::ir::{DType, Tensor};

    fn branches(then: &str, other: &str) -> [AttributeProto; 2] {
        [
            subgraph("then_branch", &[(then, &["x1"], &["t"])], &[], [&[], &["t"]]),
            subgraph("else_branch", &[(other, &["x1"], &["e"])], &[], [&[], &["e"]]),
        ]
    }

    fn truth(value: f64) -> Tensor {
        Tensor::scalar(DType::Bool, value).reshaped(&[1])
    }

    #[test]
    fn a_known_condition_leaves_the_other_branch_alone() {
        let x = || Given(Tensor::f32(&[2], &[-1.0, 2.0]));
        let known = run(19, "If", &branches("Relu", "NoSuchThing"), &[Known(truth(1.0)), x()], 1);
        assert_eq!(known, Ok(vec![Tensor::f32(&[2], &[0.0, 2.0])]));
        let taken = run(19, "If", &branches("Relu", "NoSuchThing"), &[Known(truth(0.0)), x()], 1);
        assert!(taken.is_err_and(|e| e.contains("NoSuchThing") && e.contains("not supported")));
    }

    #[test]
    fn a_run_time_condition_chooses() {
        let x = || Given(Tensor::f32(&[2], &[-1.0, 2.0]));
        for (condition, expected) in [(1.0, [0.0, 2.0]), (0.0, [1.0, -2.0])] {
            let y = run(13, "If", &branches("Relu", "Neg"), &[Given(truth(condition)), x()], 1);
            assert_eq!(y, Ok(vec![Tensor::f32(&[2], &expected)]));
        }
        let differ = run(13, "If", &branches("Relu", "Shape"), &[Given(truth(1.0)), x()], 1);
        assert!(differ.is_err_and(|e| e.contains("f32[2] or i64[1]") && e.contains("--bake x0")));
    }

    #[test]
    fn a_branch_that_cannot_be_read_names_what_decides() {
        let x = Given(Tensor::f32(&[2], &[1.0, 2.0]));
        let wrong = run(13, "If", &branches("Relu", "Not"), &[Given(truth(1.0)), x], 1);
        assert!(wrong.is_err_and(|e| e.contains("node `Not_0`") && e.contains("--bake x0=NUMBER")));
    }

    #[test]
    fn what_is_wrong_inside_is_told_by_its_node() {
        let x = Given(Tensor::i32(&[2], &[1, 2]));
        let wrong = run(13, "If", &branches("Relu", "Not"), &[Given(truth(1.0)), x], 1);
        assert!(wrong.is_err_and(|e| e.contains("node `Not_0`") && !e.contains("sub-graph")));
    }
}
