use super::lp_pool::power;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::{cast, reshaped};
use crate::front::shared::window;
use crate::ir::op_error;
use crate::ir::primitives::{Binary, BinaryOp, Layout, Map, Pool, PoolKind, Window};
use runtime_core::function::Square;

/// `x / (bias + alpha * mean)^beta`, where the mean is of the squares of `size` channels around.
pub(super) const LRN: OperatorDef = OperatorDef {
    name: "LRN",
    domain: Domain::Onnx,
    versions: &[1, 13],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let size = cx.attributes.required_int("size")?;
        let alpha = cx.attributes.float("alpha", 1e-4)?;
        let beta = cx.attributes.float("beta", 0.75)?;
        let bias = cx.attributes.float("bias", 1.0)?;
        let ty = cx.ty(0)?;
        let [batch, channels, inner @ ..] = ty.shape.as_slice() else {
            return Err(op_error(format!("the input {ty} must have a batch and channels")));
        };
        let Some(size) = usize::try_from(size).ok().filter(|size| (1..1 << 24).contains(size)) else {
            return Err(op_error(format!("attribute `size` is {size}")).help("supported: from 1 up, less than 2^24"));
        };
        // The channels are the spatial axis of a pool, zeros around them count.
        let around = Pool {
            kind: PoolKind::Average {
                count_include_pad: true,
            },
            window: Window {
                kernel: vec![size],
                strides: vec![1],
                dilations: vec![1],
                pads: vec![(size - 1) / 2, size / 2],
            },
            ceil_mode: false,
            layout: Layout::ChannelsLast,
        };
        let x = window::floats(cx, 1)?[0];
        let square = cx.add(
            Map {
                function: Square.into(),
            },
            &[x],
        )?;
        let rows = reshaped(cx, square, &[*batch, *channels, inner.iter().product()])?;
        let mean = cx.add(around, &[rows])?;
        let mean = reshaped(cx, mean, &ty.shape)?;
        let scaled = cx.scaled(mean, alpha)?;
        let bias = cx.scalar(cx.value_ty(x).dtype, f64::from(bias));
        let sum = cx.add(Binary::from(BinaryOp::Add), &[scaled, bias])?;
        let divisor = power(cx, sum, f64::from(beta))?;
        let y = cx.add(Binary::from(BinaryOp::Div), &[x, divisor])?;
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, float, int, run};
    use crate::ir::Tensor;

    #[test]
    fn an_even_size_reaches_further_up() {
        let x = Given(Tensor::f32(&[1, 3, 1], &[1.0, 2.0, 3.0]));
        let attributes = [
            int("size", 2),
            float("alpha", 2.0),
            float("beta", 1.0),
            float("bias", 1.0),
        ];
        let y = run(13, "LRN", &attributes, &[x], 1);
        assert_eq!(
            y,
            Ok(vec![Tensor::f32(&[1, 3, 1], &[1.0 / 6.0, 2.0 / 14.0, 3.0 / 10.0])])
        );
    }
}
