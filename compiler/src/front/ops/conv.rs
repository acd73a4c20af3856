use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::front::shared::window;
use crate::ir::primitives::{Conv, Layout};
use crate::ir::{OpError, ValueId};
use runtime_core::function::Identity;

/// A convolution over up to six spatial axes, with an optional bias.
pub(super) const CONV: OperatorDef = OperatorDef {
    name: "Conv",
    domain: Domain::Onnx,
    versions: &[1, 11, 22],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let x = cx.input(0)?;
        let y = convolution(cx, x)?;
        Ok(vec![cast(cx, y, cx.ty(0)?.dtype)?])
    },
};

/// The convolution of `x`, which is channels-first, with the weights of input 1 and the bias of input 2, in the type to
/// compute in.
pub(super) fn convolution(cx: &mut NodeContext<'_>, x: ValueId) -> Result<ValueId, OpError> {
    let kernel = window::kernel_of_weights(cx, 1)?;
    let ty = cx.value_ty(x).clone();
    let spatial = window::spatial(&ty, &kernel)?;
    let (window, _) = window::read(cx, kernel, spatial)?;
    let groups = usize::try_from(cx.attributes.int("group", 1)?).unwrap_or(0);
    let conv = Conv {
        window,
        groups,
        layout: Layout::ChannelsFirst,
        activation: Identity.into(),
    };
    let mut operands = window::floats(cx, 3)?;
    operands[0] = window::in_float(cx, x)?;
    cx.add(conv, &operands)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, ints, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn weights_known_at_run_time() {
        let x = || Given(Tensor::f32(&[1, 1, 3], &[1.0, 2.0, 3.0]));
        let w = Tensor::f32(&[1, 1, 2], &[1.0, -1.0]);
        let y = Ok(vec![Tensor::f32(&[1, 1, 2], &[-1.0, -1.0])]);
        assert_eq!(run(11, "Conv", &[], &[x(), Known(w.clone())], 1), y);
        assert_eq!(run(11, "Conv", &[], &[x(), Given(w)], 1), y);
        let kernel = [ints("kernel_shape", &[3])];
        let w = Given(Tensor::f32(&[1, 1, 2], &[1.0, -1.0]));
        assert!(run(11, "Conv", &kernel, &[x(), w], 1).is_err_and(|e| e.contains("disagrees")));
    }

    #[test]
    fn three_axes_and_groups() {
        let x = Given(Tensor::f32(&[1, 2, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]));
        let w = Known(Tensor::f32(&[2, 1, 1, 2, 1], &[1.0, -1.0, 2.0, 0.5]));
        let bias = Known(Tensor::f32(&[2], &[10.0, 20.0]));
        let y = run(22, "Conv", &[int("group", 2)], &[x, w, bias], 1);
        let expected = Tensor::f32(&[1, 2, 1, 1, 2], &[8.0, 8.0, 33.5, 36.0]);
        assert_eq!(y, Ok(vec![expected]));
    }

    #[test]
    fn doubles() {
        let double = |shape: &[usize], values: &[f64]| {
            let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            Given(Tensor::new(DType::F64, shape.to_vec(), bytes))
        };
        let (x, w) = (double(&[1, 1, 2], &[1.0, 1e-12]), double(&[1, 1, 2], &[1.0, 1.0]));
        let y = run(11, "Conv", &[], &[x, w], 1);
        assert!(y.is_ok_and(|y| y[0].to_f64() == [1.0 + 1e-12]));
    }
}
