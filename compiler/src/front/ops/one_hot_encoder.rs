use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::binary;
use crate::front::shared::normalization::{cast, reshaped};
use crate::ir::primitives::BinaryOp;
use crate::ir::{DType, RemarkKind, Tensor, op_error};

/// For each element a row of zeros with a one where it is among the categories.
pub(super) const ONE_HOT_ENCODER: OperatorDef = OperatorDef {
    name: "OneHotEncoder",
    domain: Domain::Ml,
    versions: &[1],
    limits: "no strings; an unknown category gives zeros, also where `zeros` is 0, which is an error in ONNX",
    read: |cx| {
        if !cx.attributes.flag("zeros", true)? {
            let reason = "gives zeros for a category that it does not know, where ONNX Runtime fails";
            cx.remark(RemarkKind::Labels, reason);
        }
        if cx
            .attributes
            .strings("cats_strings")?
            .is_some_and(|names| !names.is_empty())
        {
            return Err(op_error("the categories are strings")
                .help("encode strings as numbers in the program around the model, and give `cats_int64s`"));
        }
        let categories = cx.attributes.ints("cats_int64s")?.unwrap_or_default();
        let mut sorted = categories.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() != categories.len() || categories.is_empty() {
            return Err(op_error(
                "attribute `cats_int64s` must hold one or more different numbers",
            ));
        }
        let (ty, x) = (cx.ty(0)?, cx.input(0)?);
        // Floats lose their fraction.
        let x = cast(cx, x, DType::I64)?;
        let mut shape = ty.shape;
        shape.push(1);
        let x = reshaped(cx, x, &shape)?;
        let categories = cx.add_constant(Tensor::i64(&[categories.len()], &categories));
        let same = binary(cx, BinaryOp::Equal, x, categories)?;
        cast(cx, same, DType::F32).map(|y| vec![y])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, ints, run, texts};
    use crate::ir::Tensor;

    #[test]
    fn known_and_unknown_categories() {
        let y = |x| run(1, "OneHotEncoder", &[ints("cats_int64s", &[3, -1, 0])], &[Given(x)], 1);
        let expected = Ok(vec![Tensor::f32(&[1, 2, 3], &[0.0, 1.0, 0.0, 0.0, 0.0, 0.0])]);
        assert_eq!(y(Tensor::i64(&[1, 2], &[-1, 5])), expected);
        assert_eq!(y(Tensor::f32(&[1, 2], &[-1.9, 5.0])), expected);
        let same = run(
            1,
            "OneHotEncoder",
            &[ints("cats_int64s", &[1, 1])],
            &[Given(Tensor::i64(&[1], &[1]))],
            1,
        );
        assert!(same.is_err_and(|e| e.contains("different numbers")));
        let names = [texts("cats_strings", &["a"]), int("zeros", 0)];
        let names = run(1, "OneHotEncoder", &names, &[Given(Tensor::i64(&[1], &[1]))], 1);
        assert!(names.is_err_and(|e| e.contains("strings")));
    }
}
