//! Convolutions and pools over channels-last images. The rows of one image are computed apart, the columns of an image of
//! one row (which sequences are), or the images of a batch.

use super::{Part, Partial, count_of, elements, is_within};
use crate::kernels::{Conv2d, ConvTranspose2d, DepthwiseConv2d, Pool2d, QlinearAveragePool2d, WinogradConv2d};
use crate::winograd::TILE;
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

/// What is computed apart.
#[derive(Clone, Copy, PartialEq)]
enum Divided {
    Images,
    Rows,
    Columns,
}

/// What is computed apart, how many of it there are, and the elements of each, of inputs and outputs like these.
fn divided(batch: usize, input: [usize; 3], output: [usize; 3]) -> (Divided, usize, usize) {
    let [height, width, channels] = output;
    match (batch, input, output) {
        (1, [1, ..], [1, ..]) => (Divided::Columns, width, channels),
        (1, ..) => (Divided::Rows, height, width.saturating_mul(channels)),
        _ => (Divided::Images, batch, len(output)),
    }
}

/// Implements [`Partial`] for a layer whose outputs along the first axis see or receive inputs along it as `$seen` says.
macro_rules! images {
    ($layer:ident $(<$f:ident>)?, $seen:ident $(, $pad_end:ident)?) => {
        impl $(<$f: Copy>)? Partial<1> for $layer $(<$f>)? {
            fn row(&self) -> Option<usize> {
                Some(divided(self.batch, self.input, self.output).2)
            }

            fn part(&self, rows: Range<usize>) -> Option<Part<Self, 1>> {
                let (what, count, row) = divided(self.batch, self.input, self.output);
                // A single output of a row is added up in another way than several.
                if !is_within(&rows, count) || what == Divided::Columns && count_of(&rows) == 1 && count > 1 {
                    return None;
                }
                let output = elements(&rows, row);
                let mut layer = *self;
                if what == Divided::Images {
                    layer.batch = count_of(&rows);
                    let inputs = [elements(&rows, len(self.input))];
                    return Some(Part { layer, inputs, output });
                }
                let (axis, inner) = match what {
                    Divided::Columns => (1, self.input[2]),
                    _ => (0, self.input[1].saturating_mul(self.input[2])),
                };
                let extent = self.input[axis];
                let window = [extent, self.kernel[axis], self.strides[axis], self.dilations[axis], self.pads[axis]];
                let Seen { inputs, pad } = $seen(&rows, window)?;
                layer.input[axis] = count_of(&inputs);
                layer.output[axis] = count_of(&rows);
                layer.pads[axis] = pad;
                $(
                    // Padding at the end follows the last element of the image.
                    let $pad_end = if inputs.end == extent { self.pads[axis + 2] } else { 0 };
                    layer.pads[axis + 2] = $pad_end;
                )?
                let inputs = [elements(&inputs, inner)];
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

/// Rows of tiles are computed apart, or the images of a batch: other tiles would round in another way.
impl<F: Copy> Partial<1> for WinogradConv2d<F> {
    fn row(&self) -> Option<usize> {
        let [height, width, channels] = self.output;
        if self.batch > 1 {
            return Some(len(self.output));
        }
        height
            .is_multiple_of(TILE)
            .then(|| width.saturating_mul(channels).saturating_mul(TILE))
    }

    fn part(&self, rows: Range<usize>) -> Option<Part<Self, 1>> {
        let row = self.row()?;
        let mut layer = *self;
        if self.batch > 1 {
            layer.batch = count_of(&rows);
            let inputs = [elements(&rows, len(self.input))];
            return is_within(&rows, self.batch).then(|| Part {
                layer,
                inputs,
                output: elements(&rows, row),
            });
        }
        let [height, width, channels] = self.input;
        if !is_within(&rows, self.output[0] / TILE) {
            return None;
        }
        let Seen { inputs, pad } = seen(&elements(&rows, TILE), [height, 3, 1, 1, self.pads[0]])?;
        layer.input[0] = count_of(&inputs);
        layer.output[0] = TILE * count_of(&rows);
        layer.pads[0] = pad;
        Some(Part {
            layer,
            inputs: [elements(&inputs, width.saturating_mul(channels))],
            output: elements(&rows, row),
        })
    }
}
