use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::{cast, reshaped};
use crate::front::shared::window;
use crate::ir::op_error;
use crate::ir::primitives::{Binary, BinaryOp, DeformColumns, MatMul};

/// A convolution that takes the elements of its windows from places that an input moves.
pub(super) const DEFORM_CONV: OperatorDef = OperatorDef {
    name: "DeformConv",
    domain: Domain::Onnx,
    versions: &[19, 22],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let (ty, w) = (cx.ty(0)?, cx.ty(1)?);
        let kernel = window::kernel_of_weights(cx, 1)?;
        let spatial = window::spatial(&ty, &kernel)?;
        let taps: usize = kernel.iter().product();
        let (window, _) = window::read(cx, kernel, spatial)?;
        let count = |value: i64| usize::try_from(value).unwrap_or(0);
        let groups = count(cx.attributes.int("group", 1)?);
        let offset_groups = count(cx.attributes.int("offset_group", 1)?);
        let (batch, channels, outputs) = (ty.shape[0], ty.shape[1], w.shape[0]);
        let fits = w.shape[1].checked_mul(groups) == Some(channels) && outputs.is_multiple_of(groups);
        if groups == 0 || !fits {
            return Err(op_error(format!(
                "the weights {w} do not fit {channels} input channels in {groups} groups"
            )));
        }
        let (x, offset) = (cx.input(0)?, cx.input(2)?);
        let (x, offset) = (window::in_float(cx, x)?, window::in_float(cx, offset)?);
        let columns = DeformColumns {
            window,
            groups: offset_groups,
        };
        let mut columns = cx.add(columns, &[x, offset])?;
        let places = cx.ty(2)?.shape[2..].to_vec();
        let windows = places.iter().product();
        if cx.has(4) {
            let (value, mask) = (cx.input(4)?, cx.ty(4)?);
            let expected = [&[batch, offset_groups * taps], places.as_slice()].concat();
            if mask.shape != expected {
                return Err(op_error(format!("the mask {mask} must be of shape {expected:?}")));
            }
            let moved_alike = [batch * offset_groups, channels / offset_groups, taps, windows];
            columns = reshaped(cx, columns, &moved_alike)?;
            let value = window::in_float(cx, value)?;
            let mask = reshaped(cx, value, &[batch * offset_groups, 1, taps, windows])?;
            columns = cx.add(Binary::from(BinaryOp::Mul), &[columns, mask])?;
        }
        let depth = w.shape[1] * taps;
        let columns = reshaped(cx, columns, &[batch, groups, depth, windows])?;
        let weights = cx.input(1)?;
        let weights = window::in_float(cx, weights)?;
        let weights = reshaped(cx, weights, &[groups, outputs / groups, depth])?;
        let y = cx.add(MatMul, &[weights, columns])?;
        let mut y = reshaped(cx, y, &[&[batch, outputs], places.as_slice()].concat())?;
        if cx.has(3) {
            let (value, bias) = (cx.input(3)?, cx.ty(3)?);
            if bias.shape != [outputs] {
                return Err(op_error(format!(
                    "the bias {bias} must have one number for each of {outputs} channels"
                )));
            }
            let value = window::in_float(cx, value)?;
            let bias = reshaped(cx, value, &[&[outputs], vec![1; places.len()].as_slice()].concat())?;
            y = cx.add(Binary::from(BinaryOp::Add), &[y, bias])?;
        }
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Absent, Given, Known, int, ints, run};
    use crate::ir::Tensor;

    #[test]
    fn without_offsets_it_is_a_convolution() {
        let x = || {
            Given(Tensor::f32(
                &[1, 2, 2, 3],
                &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0, 1.0, 0.0, 2.0, 0.0, 1.0],
            ))
        };
        let w = || Known(Tensor::f32(&[2, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0, 1.0, -1.0, 0.5, 0.0]));
        let bias = || Known(Tensor::f32(&[2], &[0.5, 1.0]));
        let offset = Given(Tensor::f32(&[1, 16, 1, 2], &[0.0; 32]));
        let mask = Given(Tensor::f32(&[1, 8, 1, 2], &[1.0; 16]));
        let attributes = [int("group", 2), int("offset_group", 2), ints("kernel_shape", &[2, 2])];
        let y = run(19, "DeformConv", &attributes, &[x(), w(), offset, bias(), mask], 1);
        assert_eq!(y, run(11, "Conv", &[int("group", 2)], &[x(), w(), bias()], 1));
        let short = Given(Tensor::f32(&[1, 8, 1, 2], &[0.0; 16]));
        let refused = run(19, "DeformConv", &attributes, &[x(), w(), short], 1);
        assert!(refused.is_err_and(|e| e.contains("offsets")));
        let absent = run(22, "DeformConv", &[], &[x(), w(), Absent], 1);
        assert!(absent.is_err());
    }
}
