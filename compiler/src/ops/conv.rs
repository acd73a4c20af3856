use super::normalization::cast;
use super::{Domain, OperatorDef, window};
use crate::primitives::{Conv, Layout};
use runtime_core::function::Identity;

/// A convolution over one or two spatial axes, with an optional bias.
pub(super) const CONV: OperatorDef = OperatorDef {
    name: "Conv",
    domain: Domain::Onnx,
    versions: &[1, 11, 22],
    limits: "one or two spatial axes; constant weights; float16 and bfloat16 are computed in float32; no float64",
    read: |cx| {
        let kernel = window::kernel_of_weights(cx)?;
        let x = cx.ty(0)?;
        let spatial = window::spatial(&x, &kernel)?;
        let (window, _) = window::read(cx, kernel, spatial)?;
        let groups = usize::try_from(cx.attributes.int("group", 1)?).unwrap_or(0);
        let conv = Conv {
            window,
            groups,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let operands = window::floats(cx, 3)?;
        let y = cx.add(conv, &operands)?;
        Ok(vec![cast(cx, y, x.dtype)?])
    },
};

#[cfg(test)]
mod tests {
    use super::super::testing::{Given, Known, ints, run};
    use crate::ir::Tensor;

    #[test]
    fn what_is_refused() {
        let x = || Given(Tensor::f32(&[1, 1, 3], &[1.0, 2.0, 3.0]));
        let w = || Known(Tensor::f32(&[1, 1, 2], &[1.0, -1.0]));
        assert_eq!(
            run(11, "Conv", &[], &[x(), w()], 1),
            Ok(vec![Tensor::f32(&[1, 1, 2], &[-1.0, -1.0])])
        );
        let kernel = [ints("kernel_shape", &[3])];
        assert!(run(11, "Conv", &kernel, &[x(), w()], 1).is_err_and(|e| e.contains("disagrees")));
        let (volume, cube) = (
            Tensor::f32(&[1, 1, 1, 1, 1], &[1.0]),
            Tensor::f32(&[1, 1, 1, 1, 1], &[1.0]),
        );
        assert!(run(11, "Conv", &[], &[Given(volume), Known(cube)], 1).is_err_and(|e| e.contains("3 spatial axes")));
    }
}
