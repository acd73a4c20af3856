//! Products of floats that the instruction set does as a whole, where registers are many, with their residual and with
//! an activation that only clamps. Any other activation is left to the layer, some rows at a time.

use super::conv2d::{self, Conv2d};
use super::finish::{Finish, Input, Singles};
use super::gemm::Gemm;
use super::sum_order;
use crate::arch::{Arch, TallConv2d, TallEnd, TallGemm};
use crate::packed::Packed;

/// The body of [`gemm`](super::gemm()).
#[inline(always)]
pub(super) fn gemm<A: Arch, F: Copy, E: Finish<F>, W: Packed>(
    layer: Gemm<F>,
    x: &[Input<E, F>],
    w: &[W::Row],
    end: E,
    y: &mut [E::Y],
) {
    let Gemm { m, k, n, activation } = layer;
    let whole = end.tall(activation);
    // What the instruction set does not apply is applied while some rows are in the caches.
    let block = if whole.is_some() {
        m.max(1)
    } else {
        sum_order::block(m, k)
    };
    let mut row = 0;
    while row < m {
        let m = (m - row).min(block);
        let (at, len) = (row * n, m * n);
        let (Some(x), Some(to)) = (x.get(row * k..(row + m) * k), y.get_mut(at..at + len)) else {
            return;
        };
        let Some(Singles { x, bias, y: to }) = end.floats(x, to) else {
            return;
        };
        let ended = whole.unwrap_or(TallEnd::NOTHING);
        match (W::as_f32(w), W::as_f16(w)) {
            (Some(w), _) => A::tall_gemm_f32(rows((m, k, n), x, w, bias, ended), to),
            (_, Some(w)) => A::tall_gemm_f16(rows((m, k, n), x, w, bias, ended), to),
            _ => return,
        }
        if whole.is_none() {
            end.complete::<A>(activation, y, at, len);
        }
        row += m;
    }
}

/// Some rows of a product of matrices.
#[inline(always)]
fn rows<'a, R>(
    (m, k, n): (usize, usize, usize),
    x: &'a [f32],
    w: &'a [R],
    bias: &'a [f32],
    end: TallEnd<'a>,
) -> TallGemm<'a, R> {
    TallGemm {
        m,
        k,
        n,
        x,
        w,
        bias,
        end,
    }
}

/// The body of [`conv2d`](super::conv2d()).
#[inline(always)]
pub(super) fn conv2d<A: Arch, F: Copy, E: Finish<F>, W: Packed>(
    layer: &Conv2d<F>,
    x: &[Input<E, F>],
    w: &[W::Row],
    end: E,
    y: &mut [E::Y],
) {
    let ([ih, iw, ic], [oh, ow, oc]) = (layer.input, layer.output);
    let image = ih * iw * ic;
    let whole = end.tall(layer.activation);
    // A lone output is added up in another order (see `sum_order.rs`): where rows have one only, each is lone.
    let block = match whole {
        _ if ow == 1 => 1,
        Some(_) => oh.max(1),
        None => conv2d::block(layer),
    };
    for n in 0..layer.batch {
        let mut first = 0;
        while first < oh {
            let rows = (oh - first).min(block);
            let (at, len) = ((n * oh + first) * ow * oc, rows * ow * oc);
            let (Some(x), Some(to)) = (x.get(n * image..(n + 1) * image), y.get_mut(at..at + len)) else {
                return;
            };
            let Some(Singles { x, bias, y: to }) = end.floats(x, to) else {
                return;
            };
            let ended = whole.map_or(TallEnd::NOTHING, |end| end.from(at));
            match (W::as_f32(w), W::as_f16(w)) {
                (Some(w), _) => A::tall_conv2d_f32(outputs(layer, first * ow, x, w, (bias, ended)), to),
                (_, Some(w)) => A::tall_conv2d_f16(outputs(layer, first * ow, x, w, (bias, ended)), to),
                _ => return,
            }
            if whole.is_none() {
                end.complete::<A>(layer.activation, y, at, len);
            }
            first += rows;
        }
    }
}

/// Outputs of an image from the `first` on.
#[inline(always)]
fn outputs<'a, F, R>(
    layer: &Conv2d<F>,
    first: usize,
    x: &'a [f32],
    w: &'a [R],
    (bias, end): (&'a [f32], TallEnd<'a>),
) -> TallConv2d<'a, R> {
    TallConv2d {
        input: layer.input,
        output: [layer.output[1], layer.output[2]],
        kernel: layer.kernel,
        strides: layer.strides,
        dilations: layer.dilations,
        pads: layer.pads,
        groups: layer.groups,
        first,
        x,
        w,
        bias,
        end,
    }
}
