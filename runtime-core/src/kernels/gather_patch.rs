//! The inputs of one output of a convolution, gathered: where a kernel row is a few numbers only, one product of all of
//! them is much faster than one for each row.

/// Numbers that a patch may have.
pub(crate) const GATHERED: usize = 256;

/// Numbers that are copied at once.
const BLOCK: usize = 16;

/// Numbers of a kernel row up to which patches are gathered.
pub(crate) const FEW: usize = 2 * BLOCK;

/// The windows of a convolution in one group, as in `Conv2d`.
#[derive(Clone, Copy)]
pub(crate) struct Windows {
    pub(crate) input: [usize; 3],
    pub(crate) kernel: [usize; 2],
    pub(crate) strides: [usize; 2],
    pub(crate) dilations: [usize; 2],
    pub(crate) pads: [usize; 2],
}

/// Whether the patches of a layer are gathered: there are few numbers in a kernel row.
#[inline(always)]
pub(crate) fn gathers(layer: &Windows) -> bool {
    let ([kh, kw], channels) = (layer.kernel, layer.input[2]);
    layer.dilations[1] == 1
        && kh > 1
        && kw.saturating_mul(channels) <= FEW
        && kh.saturating_mul(kw * channels) <= GATHERED - FEW
}

/// The inputs of the output at a place, in the order of the weights, with `filler` for those outside of the image.
#[inline(always)]
pub(crate) fn patch<'a, X: Copy>(
    layer: &Windows,
    x: &[X],
    filler: X,
    [oy, ox]: [usize; 2],
    patch: &'a mut [X; GATHERED],
) -> &'a [X] {
    let ([ih, iw, ic], [kh, kw]) = (layer.input, layer.kernel);
    let row = kw * ic;
    // The taps of a kernel row that are inside of the image.
    let left = (ox * layer.strides[1]).wrapping_sub(layer.pads[1]);
    let first = layer.pads[1].saturating_sub(ox * layer.strides[1]).min(kw);
    let last = (iw + layer.pads[1]).saturating_sub(ox * layer.strides[1]).min(kw);
    for ky in 0..kh {
        let iy = (oy * layer.strides[0] + ky * layer.dilations[0]).wrapping_sub(layer.pads[0]);
        let Some(to) = patch.get_mut(ky * row..ky * row + FEW) else {
            continue;
        };
        if iy >= ih || first >= last {
            to.fill(filler);
            continue;
        }
        let from = x
            .get((iy * iw).wrapping_add(left).wrapping_add(first).wrapping_mul(ic)..)
            .unwrap_or(&[]);
        copy(from, (last - first) * ic, to.get_mut(first * ic..).unwrap_or_default());
        if first > 0 {
            to.iter_mut().take(first * ic).for_each(|to| *to = filler);
        }
        if last < kw {
            to.iter_mut().take(row).skip(last * ic).for_each(|to| *to = filler);
        }
    }
    patch.get(..kh * row).unwrap_or(&[])
}

/// Copies `len` numbers in whole blocks where both sides have room. What is written beyond them is written again.
#[inline(always)]
fn copy<X: Copy>(from: &[X], len: usize, to: &mut [X]) {
    if let (Some(from), Some(to), true) = (from.first_chunk::<BLOCK>(), to.first_chunk_mut::<BLOCK>(), len <= BLOCK) {
        *to = *from;
    } else if let (Some(from), Some(to), true) = (from.first_chunk::<FEW>(), to.first_chunk_mut::<FEW>(), len <= FEW) {
        *to = *from;
    } else {
        to.iter_mut().zip(from).take(len).for_each(|(to, from)| *to = *from);
    }
}
