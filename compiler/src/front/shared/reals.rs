//! Functions of real numbers that ONNX allows for integers as well.

use super::normalization::cast;
use crate::front::node::NodeContext;
use crate::ir::primitives::Map;
use crate::ir::{DType, OpError, ValueId};
use runtime_core::function::AnyFunction;

/// The node as one function of each element of input 0; of an integer the result is rounded towards zero.
pub(in crate::front) fn map(cx: &mut NodeContext<'_>, function: AnyFunction) -> Result<Vec<ValueId>, OpError> {
    let (x, dtype) = (cx.input(0)?, cx.ty(0)?.dtype);
    if dtype.is_float() || dtype == DType::Bool {
        return cx.map(function);
    }
    let x = cast(cx, x, DType::F64)?;
    let y = cx.add(Map { function }, &[x])?;
    Ok(vec![cast(cx, y, dtype)?])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, float, run};
    use crate::ir::Tensor;

    #[test]
    fn integers() {
        let x = Given(Tensor::i32(&[4], &[-3, -1, 1, 4]));
        let shrunk = run(9, "Shrink", &[float("lambd", 1.5), float("bias", 0.5)], &[x], 1);
        assert_eq!(shrunk, Ok(vec![Tensor::i32(&[4], &[-2, 0, 0, 3])]));
        let x = Given(Tensor::i64(&[3], &[-9, 1, 9]));
        assert_eq!(run(13, "Erf", &[], &[x], 1), Ok(vec![Tensor::i64(&[3], &[-1, 0, 1])]));
    }
}
