use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::front::shared::window;
use crate::ir::op_error;
use crate::ir::primitives::{Concat, Conv, Layout, Map, Pad, PadMode, Slice, Window};
use runtime_core::function::{Identity, Silu};

/// A convolution of each channel by itself over what came before, and what the next call needs of it.
pub(super) const CAUSAL_CONV_WITH_STATE: OperatorDef = OperatorDef {
    name: "CausalConvWithState",
    domain: Domain::Onnx,
    versions: &[27],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let choices = [("none", false), ("silu", true), ("swish", true)];
        let silu = cx.attributes.choice("activation", &choices)?;
        let (ty, w) = (cx.ty(0)?, cx.ty(1)?);
        let ([batch, channels, len], [outputs, 1, kernel]) = (ty.shape.as_slice(), w.shape.as_slice()) else {
            return Err(op_error(format!(
                "the input {ty} must be of shape [batch, channels, length], the weights {w} of shape [channels, 1, kernel]"
            )));
        };
        if outputs != channels || *kernel == 0 {
            return Err(op_error(format!("the weights {w} do not fit the input {ty}")));
        }
        let state = kernel - 1;
        let x = cx.input(0)?;
        let x = if cx.has(3) {
            let past = cx.ty(3)?;
            if past != ty.with_shape([*batch, *channels, state]) {
                return Err(op_error(format!(
                    "past_state {past} must be of type {}",
                    ty.with_shape([*batch, *channels, state])
                )));
            }
            let past = cx.input(3)?;
            cx.add(Concat { axis: 2 }, &[past, x])?
        } else {
            let zero = cx.scalar(ty.dtype, 0.0);
            let pad = Pad {
                begins: vec![0, 0, state],
                ends: vec![0; 3],
                mode: PadMode::Constant,
            };
            cx.add(pad, &[x, zero])?
        };
        let present = Slice::along(&[*batch, *channels, len + state], 2, *len, state);
        let present = cx.add(present, &[x])?;
        let conv = Conv {
            window: Window {
                kernel: vec![*kernel],
                strides: vec![1],
                dilations: vec![1],
                pads: vec![0, 0],
            },
            groups: *channels,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let mut operands = window::floats(cx, 3)?;
        operands[0] = window::in_float(cx, x)?;
        let mut y = cx.add(conv, &operands)?;
        if silu {
            y = cx.add(Map { function: Silu.into() }, &[y])?;
        }
        Ok(vec![cast(cx, y, ty.dtype)?, present])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Absent, Given, Known, run, text};
    use crate::ir::Tensor;

    #[test]
    fn the_state_carries_on() {
        let row = |values: &[f32]| Tensor::f32(&[1, 1, values.len()], values);
        let w = || Known(row(&[1.0, 10.0, 100.0]));
        let bias = || Known(Tensor::f32(&[1], &[0.5]));
        let call = |x: &[f32], past| {
            run(
                27,
                "CausalConvWithState",
                &[text("activation", "none")],
                &[Given(row(x)), w(), bias(), past],
                2,
            )
        };
        let whole = call(&[1.0, 2.0, 3.0], Absent);
        assert_eq!(whole, Ok(vec![row(&[100.5, 210.5, 321.5]), row(&[2.0, 3.0])]));
        let first = call(&[1.0], Absent);
        assert_eq!(first, Ok(vec![row(&[100.5]), row(&[0.0, 1.0])]));
        let second = call(&[2.0, 3.0], Given(row(&[0.0, 1.0])));
        assert_eq!(second, Ok(vec![row(&[210.5, 321.5]), row(&[2.0, 3.0])]));
        assert!(call(&[1.0], Given(row(&[0.0]))).is_err_and(|e| e.contains("past_state")));
    }
}
