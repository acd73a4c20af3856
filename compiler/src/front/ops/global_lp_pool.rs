use super::lp_pool::{exponent, power, powers};
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::front::shared::window;
use crate::ir::op_error;
use crate::ir::primitives::{Reduce, ReduceOp};

/// The `p`-norm of each channel of each image.
pub(super) const GLOBAL_LP_POOL: OperatorDef = OperatorDef {
    name: "GlobalLpPool",
    domain: Domain::Onnx,
    versions: &[1, 2, 22],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let ty = cx.ty(0)?;
        if ty.rank() < 2 {
            return Err(op_error(format!("the input {ty} must have a batch and channels")));
        }
        let p = exponent(cx)?;
        let x = window::floats(cx, 1)?[0];
        let x = powers(cx, x, p)?;
        let axes = (2..ty.rank()).collect();
        let op = ReduceOp::Sum;
        let sum = cx.add(Reduce { op, axes }, &[x])?;
        let y = power(cx, sum, 1.0 / p)?;
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run};
    use crate::ir::Tensor;

    #[test]
    fn norms() {
        let x = || Given(Tensor::f32(&[1, 2, 2], &[3.0, -4.0, 0.0, -2.0]));
        let norm = |attributes: &[_]| run(22, "GlobalLpPool", attributes, &[x()], 1);
        assert_eq!(norm(&[]), Ok(vec![Tensor::f32(&[1, 2, 1], &[5.0, 2.0])]));
        assert_eq!(norm(&[int("p", 1)]), Ok(vec![Tensor::f32(&[1, 2, 1], &[7.0, 2.0])]));
    }
}
