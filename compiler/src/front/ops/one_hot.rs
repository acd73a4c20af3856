use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::indexing::one_hot;
use crate::front::shared::normalization::cast;
use crate::ir::primitives::{Reshape, Slice};
use crate::ir::{DType, OpError, ValueId, op_error};

/// `values[1]` where the index along a new dimension is the one given, `values[0]` elsewhere.
pub(super) const ONE_HOT: OperatorDef = OperatorDef {
    name: "OneHot",
    domain: Domain::Onnx,
    versions: &[9, 11, 28],
    limits: "`depth` must be known at compile time",
    read: |cx| {
        let (indices, values) = (cx.ty(0)?, cx.ty(2)?);
        let depth = cx.known(1, "depth")?;
        let depth = depth.scalar_f64().filter(|depth| (0.0..1e9).contains(depth));
        let depth = depth.ok_or_else(|| op_error("input `depth` must be one positive number"))? as usize;
        if values.shape != [2] || indices.dtype == DType::Bool {
            return Err(op_error(format!("indices are {indices}, `values` is {values}"))
                .help("indices must be numbers, `values` must be the values off and on"));
        }
        let mut shape = indices.shape.clone();
        shape.push(0);
        let axis = indices.with_shape(shape.clone()).axis(cx.attributes.int("axis", -1)?)?;
        shape.pop();
        shape.insert(axis, depth);
        let index = cx.input(0)?;
        let index = match indices.dtype {
            DType::I32 | DType::I64 => index,
            _ => cast(cx, index, DType::I64)?,
        };
        let values = [value(cx, 0)?, value(cx, 1)?];
        one_hot(cx, index, &shape, axis, values).map(|y| vec![y])
    },
};

/// Element `i` of `values`, as a scalar.
fn value(cx: &mut NodeContext<'_>, i: usize) -> Result<ValueId, OpError> {
    let values = cx.input(2)?;
    let value = cx.add(Slice::along(&[2], 0, i, 1), &[values])?;
    cx.add(Reshape { shape: vec![] }, &[value])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn indices_of_any_type() {
        let depth = || Known(Tensor::scalar(DType::F32, 3.0));
        let values = || Given(Tensor::i32(&[2], &[5, 7]));
        let hot = |indices| run(11, "OneHot", &[int("axis", 0)], &[Given(indices), depth(), values()], 1);
        let expected = Ok(vec![Tensor::i32(&[3, 4], &[5, 5, 5, 5, 5, 7, 5, 5, 7, 5, 5, 5])]);
        assert_eq!(hot(Tensor::f32(&[4], &[-1.0, 1.9, 3.0, -4.0])), expected);
        assert_eq!(hot(Tensor::i32(&[4], &[2, -2, 3, -4])), expected);
        let unknown = run(
            11,
            "OneHot",
            &[],
            &[Given(Tensor::i64(&[], &[0])), Given(Tensor::i64(&[], &[2])), values()],
            1,
        );
        assert!(unknown.is_err_and(|e| e.contains("--bake x1=NUMBER")));
    }
}
