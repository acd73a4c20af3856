use super::{Domain, OperatorDef};
use crate::ir::{DType, Tensor, op_error};
use crate::primitives::Expand;

/// A tensor of the given shape, all elements `value`. Filled at run time if it is large.
pub(super) const CONSTANT_OF_SHAPE: OperatorDef = OperatorDef {
    name: "ConstantOfShape",
    domain: Domain::Onnx,
    versions: &[9, 20, 21, 23, 24, 25],
    limits: "the shape must be known at compile time",
    read: |cx| {
        let shape: Option<Vec<usize>> = cx.ints(0, "input")?.iter().map(|dim| usize::try_from(*dim).ok()).collect();
        let shape = shape.ok_or_else(|| op_error("`input` has a negative dimension"))?;
        let value = cx.attributes.tensor("value")?.unwrap_or_else(|| Tensor::scalar(DType::F32, 0.0));
        if value.len() != 1 {
            return Err(op_error(format!("attribute `value` is {}, it must be one element", value.ty())));
        }
        let value = cx.add_constant(value.reshaped(&[]));
        Ok(vec![cx.add(Expand { shape }, &[value])?])
    },
};
