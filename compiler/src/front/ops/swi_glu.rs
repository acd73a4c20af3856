use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::{binary, map};
use crate::ir::op_error;
use crate::ir::primitives::BinaryOp;
use runtime_core::function::{AnyFunction, Silu, Swish};

/// `Swish(a) * b`: a gate and what it lets through.
pub(super) const SWI_GLU: OperatorDef = OperatorDef {
    name: "SwiGLU",
    domain: Domain::Onnx,
    versions: &[28],
    limits: "",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 1.0)?;
        let (gate, value) = (cx.ty(0)?, cx.ty(1)?);
        if gate != value {
            return Err(op_error(format!(
                "the gate {gate} and the value {value} differ in type"
            )));
        }
        let swish: AnyFunction = if alpha == 1.0 {
            Silu.into()
        } else {
            Swish { alpha }.into()
        };
        let (gate, value) = (cx.input(0)?, cx.input(1)?);
        let gate = map(cx, swish, gate)?;
        Ok(vec![binary(cx, BinaryOp::Mul, gate, value)?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, run};
    use crate::ir::Tensor;

    #[test]
    fn nothing_broadcasts() {
        let x = |shape: &[usize]| Given(Tensor::f32(shape, &vec![0.0; shape.iter().product()]));
        assert!(run(28, "SwiGLU", &[], &[x(&[2]), x(&[2])], 1).is_ok());
        assert!(run(28, "SwiGLU", &[], &[x(&[2, 2]), x(&[2])], 1).is_err());
    }
}
