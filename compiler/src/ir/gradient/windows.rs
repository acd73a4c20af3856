//! Gradients through windows that slide: convolutions and pools, channels-first.

use super::Gradient;
use crate::ir::layer::Activation;
use crate::ir::primitives::{Cast, Conv, ConvTranspose, Layout, Scatter, Slice, Window};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};
use runtime_core::function::Identity;

fn linear() -> Activation {
    Activation::Function(Identity.into())
}

/// What each window spreads over the elements that it covers: a transposed convolution of `g` by `w`, that of a
/// convolution with this window from `spatial` extents. Elements that no window covers are zero.
pub(in crate::ir) fn spread(
    cx: &mut Gradient<'_>,
    window: &Window,
    groups: usize,
    [g, w]: [ValueId; 2],
    spatial: &[usize],
) -> Result<ValueId, OpError> {
    let rank = window.rank();
    let mut window = window.clone();
    let mut output_padding = vec![0; rank];
    let windows = cx.shape(g)[2..].to_vec();
    for (axis, size) in spatial.iter().enumerate() {
        let full = (windows[axis] - 1) * window.strides[axis] + window.span(axis);
        let wanted = size + window.pads[axis];
        window.pads[rank + axis] = full.saturating_sub(wanted);
        output_padding[axis] = wanted.saturating_sub(full);
    }
    let (layout, activation) = (Layout::ChannelsFirst, linear());
    cx.add(
        ConvTranspose {
            window,
            output_padding,
            groups,
            layout,
            activation,
        },
        &[g, w],
    )
}

/// The gradient of the weights `[OC, IC / groups, kernel..]` of a convolution of `x` whose result has the gradient `g`:
/// the convolution of `x` by `g`, whose batch is summed over as channels are. Steps between windows become those
/// between elements of a window, and the other way round.
pub(in crate::ir) fn weights_of_conv(
    cx: &mut Gradient<'_>,
    window: &Window,
    groups: usize,
    [x, g]: [ValueId; 2],
) -> Result<ValueId, OpError> {
    let (x_shape, g_shape) = (cx.shape(x), cx.shape(g));
    let (batch, channels, outputs) = (x_shape[0], x_shape[1], g_shape[1]);
    if [batch, channels, outputs, groups].contains(&0) {
        return Err(op_error("the gradient of a convolution without elements is not known"));
    }
    let (ic, oc) = (channels / groups, outputs / groups);
    // [N, G * IC, ..] -> [IC, G * N, ..]: each channel of a group is an image, each image a channel.
    let images = swapped(cx, x, [batch, groups, ic], [2, 1, 0], [ic, groups * batch])?;
    // [N, G * OC, ..] -> [G * OC, N, ..]
    let filters = swapped(cx, g, [batch, groups, oc], [1, 2, 0], [outputs, batch])?;
    let swapped_window = Window {
        kernel: g_shape[2..].to_vec(),
        strides: window.dilations.clone(),
        dilations: window.strides.clone(),
        pads: window.pads.clone(),
    };
    let conv = Conv {
        window: swapped_window,
        groups,
        layout: Layout::ChannelsFirst,
        activation: linear(),
    };
    let sums = cx.add(conv, &[images, filters])?;
    // Windows that do not reach the end of the input leave room for more elements than a window has.
    let mut lens = vec![ic, outputs];
    lens.extend(&window.kernel);
    let (starts, steps) = (vec![0; lens.len()], vec![1; lens.len()]);
    let sums = cx.add(Slice { starts, steps, lens }, &[sums])?;
    let mut perm: Vec<usize> = (0..window.rank() + 2).collect();
    perm.swap(0, 1);
    cx.transposed(sums, perm)
}

/// The value with its first two dimensions taken for three, put into another order, and joined to two again.
fn swapped(
    cx: &mut Gradient<'_>,
    value: ValueId,
    dims: [usize; 3],
    order: [usize; 3],
    joined: [usize; 2],
) -> Result<ValueId, OpError> {
    let spatial = cx.shape(value)[2..].to_vec();
    let apart = cx.reshaped(value, &[&dims[..], &spatial].concat())?;
    let perm = order.into_iter().chain(3..3 + spatial.len()).collect();
    let moved = cx.transposed(apart, perm)?;
    cx.reshaped(moved, &[&joined[..], &spatial].concat())
}

/// A tensor of zeros of `shape` with each element of `g` added at its place, an index (`i64`) into all elements.
pub(in crate::ir) fn scattered(
    cx: &mut Gradient<'_>,
    [g, places]: [ValueId; 2],
    shape: &[usize],
) -> Result<ValueId, OpError> {
    let dtype = cx.ty(g).dtype;
    let len: usize = shape.iter().product();
    let zeros = cx.add_constant(Tensor::new(dtype, shape.to_vec(), vec![0; len * dtype.size()]));
    let places = cx.add(Cast { to: DType::I32 }, &[places])?;
    let reduction = Some(crate::ir::primitives::BinaryOp::Add);
    cx.add(Scatter { inner: 1, reduction }, &[zeros, places, g])
}

/// The gradient of a bias of channels, axis 1.
pub(in crate::ir) fn of_bias(cx: &mut Gradient<'_>, g: ValueId) -> Result<ValueId, OpError> {
    let shape = cx.shape(g);
    let axes = (0..shape.len()).filter(|axis| *axis != 1).collect();
    let sums = cx.sum(g, axes)?;
    cx.reshaped(sums, &[shape[1]])
}
