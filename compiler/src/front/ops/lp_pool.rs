use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::front::shared::window;
use crate::ir::primitives::{Binary, BinaryOp, Layout, Map, Pool, PoolKind};
use crate::ir::{OpError, ValueId, op_error};
use runtime_core::function::{Abs, Sqrt, Square};

/// The `p`-norm of each window.
pub(super) const LP_POOL: OperatorDef = OperatorDef {
    name: "LpPool",
    domain: Domain::Onnx,
    versions: &[1, 2, 11, 18, 22],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let kernel = window::kernel_shape(cx)?;
        let ty = cx.ty(0)?;
        let spatial = window::spatial(&ty, &kernel)?;
        let taps: f64 = kernel.iter().map(|k| *k as f64).product();
        let (mut window, auto) = window::read(cx, kernel, spatial)?;
        let ceil_mode = cx.attributes.flag("ceil_mode", false)? && !auto.is_same();
        window.check()?;
        for (axis, size) in spatial.iter().enumerate() {
            // Zeros for a last window that sticks out, so that the mean of every window is of all its elements.
            let last = window.output(axis, *size, ceil_mode)?.saturating_sub(1) * window.strides[axis];
            let padded = size + window.pads[axis] + window.pads[window.rank() + axis];
            let rank = window.rank();
            window.pads[rank + axis] += (last + window.span(axis)).saturating_sub(padded);
        }
        let p = exponent(cx)?;
        let x = window::floats(cx, 1)?[0];
        let x = powers(cx, x, p)?;
        let kind = PoolKind::Average {
            count_include_pad: true,
        };
        let pool = Pool {
            kind,
            window,
            ceil_mode: false,
            layout: Layout::ChannelsFirst,
        };
        let mean = window::add_pool(cx, pool, x)?;
        let taps = cx.scalar(cx.value_ty(mean).dtype, taps);
        let sum = cx.add(Binary::from(BinaryOp::Mul), &[mean, taps])?;
        let y = power(cx, sum, 1.0 / p)?;
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};

/// Reads `p`, which the first version has as a float.
pub(super) fn exponent(cx: &mut NodeContext<'_>) -> Result<f64, OpError> {
    let p = if cx.opset() < 2 {
        f64::from(cx.attributes.float("p", 2.0)?)
    } else {
        cx.attributes.int("p", 2)? as f64
    };
    if p.is_finite() && p > 0.0 {
        Ok(p)
    } else {
        Err(op_error(format!("attribute `p` is {p}")).help("supported: norms from 1 up"))
    }
}

/// What each element contributes to a sum: its absolute value to the power of `p`.
pub(super) fn powers(cx: &mut NodeContext<'_>, x: ValueId, p: f64) -> Result<ValueId, OpError> {
    if p == 2.0 {
        return power(cx, x, p);
    }
    let x = cx.add(Map { function: Abs.into() }, &[x])?;
    power(cx, x, p)
}

/// Each element to the power of `exponent`.
pub(super) fn power(cx: &mut NodeContext<'_>, x: ValueId, exponent: f64) -> Result<ValueId, OpError> {
    let function = match exponent {
        1.0 => return Ok(x),
        2.0 => Square.into(),
        0.5 => Sqrt.into(),
        _ => {
            let exponent = cx.scalar(cx.value_ty(x).dtype, exponent);
            return cx.add(Binary::from(BinaryOp::Pow), &[x, exponent]);
        }
    };
    cx.add(Map { function }, &[x])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, float, int, ints, run};
    use crate::ir::Tensor;

    fn x() -> crate::front::testing::Operand {
        Given(Tensor::f32(&[1, 1, 3], &[3.0, -4.0, 12.0]))
    }

    #[test]
    fn norms() {
        let window = |p| [ints("kernel_shape", &[2]), p];
        let sums = Ok(vec![Tensor::f32(&[1, 1, 2], &[7.0, 16.0])]);
        assert_eq!(run(18, "LpPool", &window(int("p", 1)), &[x()], 1), sums);
        assert_eq!(run(1, "LpPool", &window(float("p", 1.0)), &[x()], 1), sums);
        assert!(run(18, "LpPool", &window(int("p", 0)), &[x()], 1).is_err_and(|e| e.contains("`p`")));
        let norms = run(2, "LpPool", &[ints("kernel_shape", &[2])], &[x()], 1);
        assert_eq!(norms, Ok(vec![Tensor::f32(&[1, 1, 2], &[5.0, 160.0f32.sqrt()])]));
    }

    #[test]
    fn a_last_window_may_stick_out() {
        let window = [
            ints("kernel_shape", &[2]),
            ints("strides", &[2]),
            int("ceil_mode", 1),
            int("p", 1),
        ];
        assert_eq!(
            run(22, "LpPool", &window, &[x()], 1),
            Ok(vec![Tensor::f32(&[1, 1, 2], &[7.0, 12.0])])
        );
    }
}
