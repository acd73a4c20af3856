use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::BinaryOp;

/// The remainder, with the sign of the divisor or, with `fmod`, of the dividend. Floats need `fmod` before opset 28.
pub(super) const MOD: OperatorDef = OperatorDef {
    name: "Mod",
    domain: Domain::Onnx,
    versions: &[10, 13, 28],
    limits: "",
    read: |cx| {
        let truncated = cx.attributes.flag("fmod", false)?;
        let ty = cx.ty(0)?;
        if !truncated && ty.dtype.is_float() && cx.opset() < 28 {
            return Err(
                op_error(format!("`fmod` is 0, which is not defined for {ty} before opset 28")).help("set `fmod` to 1"),
            );
        }
        cx.binary(if truncated { BinaryOp::Fmod } else { BinaryOp::Mod })
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::Tensor;

    #[test]
    fn floats_need_fmod_before_opset_28() {
        let operands = || [Given(Tensor::f32(&[2], &[5.5, -5.5])), Known(Tensor::f32(&[], &[2.0]))];
        assert_eq!(
            run(13, "Mod", &[int("fmod", 1)], &operands(), 1),
            Ok(vec![Tensor::f32(&[2], &[1.5, -1.5])])
        );
        assert!(run(13, "Mod", &[], &operands(), 1).is_err_and(|e| e.contains("set `fmod` to 1")));
        assert_eq!(
            run(28, "Mod", &[], &operands(), 1),
            Ok(vec![Tensor::f32(&[2], &[1.5, 0.5])])
        );
        let integers = [Given(Tensor::i32(&[2], &[5, -5])), Known(Tensor::i32(&[], &[3]))];
        assert_eq!(run(10, "Mod", &[], &integers, 1), Ok(vec![Tensor::i32(&[2], &[2, 1])]));
    }
}
