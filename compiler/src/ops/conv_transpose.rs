use super::normalization::cast;
use super::window::{self, AutoPad};
use super::{Domain, OperatorDef};
use crate::import::NodeContext;
use crate::ir::{OpError, op_error};
use crate::primitives::{ConvTranspose, Layout, Window};
use runtime_core::function::Identity;

/// A transposed convolution over one or two spatial axes, with an optional bias.
pub(super) const CONV_TRANSPOSE: OperatorDef = OperatorDef {
    name: "ConvTranspose",
    domain: Domain::Onnx,
    versions: &[1, 11, 22],
    limits: "one or two spatial axes; constant weights; float16 and bfloat16 are computed in float32; no float64",
    read: |cx| {
        let x = cx.ty(0)?;
        let kernel = window::kernel_of_weights(cx)?;
        let rank = kernel.len();
        let spatial = window::spatial(&x, &kernel)?;
        let groups = usize::try_from(cx.attributes.int("group", 1)?).unwrap_or(0);
        let output_padding = window::sizes(cx, "output_padding", rank, 0, 0)?;
        let output_shape = output_shape(cx, rank)?;
        let strides = window::sizes(cx, "strides", rank, 1, 1)?;
        let dilations = window::sizes(cx, "dilations", rank, 1, 1)?;
        let auto = window::auto_pad(cx)?;
        let mut window = Window {
            kernel,
            strides,
            dilations,
            pads: vec![0; 2 * rank],
        };
        window.check()?;
        let given = window::sizes(cx, "pads", 2 * rank, 0, 0)?;
        if auto == AutoPad::NotSet {
            window.pads = given;
        }
        let mut op = ConvTranspose {
            window,
            output_padding,
            groups,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let same = matches!(auto, AutoPad::SameUpper | AutoPad::SameLower);
        for (axis, size) in spatial.iter().enumerate() {
            let covered = size * op.window.strides[axis];
            match &output_shape {
                Some(shape) => fit(&mut op, axis, *size, shape[axis], auto),
                None if same => fit(&mut op, axis, *size, covered, auto),
                None => {}
            }
        }
        let operands = window::floats(cx, 3)?;
        let y = cx.add(op, &operands)?;
        Ok(vec![cast(cx, y, x.dtype)?])
    },
};

/// Reads `output_shape`: spatial extents, which some exporters precede with batch and channels.
fn output_shape(cx: &mut NodeContext<'_>, rank: usize) -> Result<Option<Vec<usize>>, OpError> {
    let Some(given) = cx.attributes.ints("output_shape")? else {
        return Ok(None);
    };
    let spatial = if given.len() == rank + 2 {
        &given[2..]
    } else {
        &given[..]
    };
    let sizes: Option<Vec<usize>> = spatial
        .iter()
        .map(|v| usize::try_from(*v).ok().filter(|v| *v <= 1 << 24))
        .collect();
    match sizes {
        Some(sizes) if sizes.len() == rank => Ok(Some(sizes)),
        _ => Err(op_error(format!(
            "output_shape {given:?} must give one extent for each of {rank} spatial axes"
        ))),
    }
}

/// Chooses the padding that makes the output `wanted` long; where it would be negative, the output is padded instead.
fn fit(op: &mut ConvTranspose, axis: usize, size: usize, wanted: usize, auto: AutoPad) {
    let full = size.saturating_sub(1) * op.window.strides[axis] + op.window.span(axis) + op.output_padding[axis];
    window::set_pads(&mut op.window, axis, full.saturating_sub(wanted), auto);
    op.output_padding[axis] += wanted.saturating_sub(full);
}
