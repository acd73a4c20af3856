//! Convolutions and pools over channels-last images. The rows of one image are computed apart, or the images of a batch.

use super::{Part, Partial, elements, is_within};
use crate::kernels::{Conv2d, ConvTranspose2d, DepthwiseConv2d, Pool2d, QlinearAveragePool2d};
use core::ops::Range;

/// What windows see of an axis.
struct Seen {
    /// The elements.
    inputs: Range<usize>,
    /// Padding before the first of them.
    pad: usize,
}

/// What the windows of some outputs see of `input` elements behind `pad` of padding; `None` where they begin behind the
/// last element: parameters cannot say so.
fn seen(outputs: &Range<usize>, [input, kernel, stride, dilation, pad]: [usize; 5]) -> Option<Seen> {
    // Places count from the first element of the padding on.
    let first = outputs.start.saturating_mul(stride);
    let reach = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
    let last = outputs
        .end
        .saturating_sub(1)
        .saturating_mul(stride)
        .saturating_add(reach);
    let start = first.saturating_sub(pad).min(input);
    let end = last.saturating_sub(pad).min(input).max(start);
    let pad = (pad + start).checked_sub(first)?;
    Some(Seen {
        inputs: start..end,
        pad,
    })
}

/// The inputs that transposed windows spread over some outputs.
fn spread(outputs: &Range<usize>, [input, kernel, stride, dilation, pad]: [usize; 5]) -> Option<Seen> {
    let reach = kernel.saturating_sub(1).saturating_mul(dilation);
    let first = outputs.start.saturating_add(pad);
    let last = outputs.end.saturating_add(pad).saturating_sub(1);
    // From an input before the first output on, so that the distance is not negative.
    let start = first
        .saturating_sub(reach)
        .div_ceil(stride.max(1))
        .min(first.checked_div(stride)?)
        .min(input);
    let end = last.checked_div(stride)?.saturating_add(1).clamp(start, input);
    let pad = first.checked_sub(start.saturating_mul(stride))?;
    Some(Seen {
        inputs: start..end,
        pad,
    })
}

fn len([height, width, channels]: [usize; 3]) -> usize {
    height.saturating_mul(width).saturating_mul(channels)
}

/// Elements of what is computed apart: a row of one image, or an image of a batch.
fn row(batch: usize, output: [usize; 3]) -> usize {
    let [_, width, channels] = output;
    if batch == 1 {
        width.saturating_mul(channels)
    } else {
        len(output)
    }
}

/// Implements [`Partial`] for a layer whose outputs along the first axis see or receive inputs along it as `$seen` says.
macro_rules! images {
    ($layer:ident $(<$f:ident>)?, $seen:ident $(, $pad_end:ident)?) => {
        impl $(<$f: Copy>)? Partial<1> for $layer $(<$f>)? {
            fn row(&self) -> Option<usize> {
                Some(row(self.batch, self.output))
            }

            fn part(&self, rows: Range<usize>) -> Option<Part<Self, 1>> {
                let ([height, ..], [out_height, ..]) = (self.input, self.output);
                if !is_within(&rows, if self.batch == 1 { out_height } else { self.batch }) {
                    return None;
                }
                let output = elements(&rows, row(self.batch, self.output));
                let mut layer = *self;
                if self.batch != 1 {
                    layer.batch = rows.len();
                    let inputs = [elements(&rows, len(self.input))];
                    return Some(Part { layer, inputs, output });
                }
                let axis = [height, self.kernel[0], self.strides[0], self.dilations[0], self.pads[0]];
                let Seen { inputs, pad } = $seen(&rows, axis)?;
                layer.input[0] = inputs.len();
                layer.output[0] = rows.len();
                layer.pads[0] = pad;
                $(
                    // Padding at the end follows the last row of the image.
                    let $pad_end = if inputs.end == height { self.pads[2] } else { 0 };
                    layer.pads[2] = $pad_end;
                )?
                let inputs = [elements(&inputs, self.input[1].saturating_mul(self.input[2]))];
                Some(Part { layer, inputs, output })
            }
        }
    };
}
images!(Conv2d<F>, seen);
images!(DepthwiseConv2d<F>, seen);
images!(ConvTranspose2d<F>, spread);
images!(Pool2d, seen, pad_end);
images!(QlinearAveragePool2d, seen, pad_end);
