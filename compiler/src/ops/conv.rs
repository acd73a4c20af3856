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
