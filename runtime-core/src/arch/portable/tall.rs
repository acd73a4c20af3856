//! [`Arch::tall_gemm_f32`](crate::arch::Arch::tall_gemm_f32) and its like.

use crate::arch::{Arch, TallConv2d, TallGemm};
use crate::numbers::Floats;
use crate::pack::PANEL;
use crate::packed::Packed;

/// Row by row.
#[inline(always)]
pub(crate) fn gemm<A: Arch, W: Packed<Number = f32>>(layer: TallGemm<'_, W::Row>, y: &mut [f32]) {
    let TallGemm {
        m,
        k,
        n,
        x,
        w,
        bias,
        end,
    } = layer;
    for row in 0..m {
        let x = x.get(row * k..(row + 1) * k).unwrap_or(&[]);
        let y = y.get_mut(row * n..(row + 1) * n).unwrap_or_default();
        for (panel, (y, bias)) in y.chunks_mut(PANEL).zip(bias.chunks(PANEL)).enumerate() {
            let w = w.get(panel * k..(panel + 1) * k).unwrap_or(&[]);
            add::<A, W>(x, w, start(bias), y);
        }
        end.apply(y, row * n);
    }
}

/// Output by output, tap by tap.
#[inline(always)]
pub(crate) fn conv2d<A: Arch, W: Packed<Number = f32>>(layer: TallConv2d<'_, W::Row>, y: &mut [f32]) {
    let ([ih, iw, ic], [ow, oc], [kh, kw]) = (layer.input, layer.output, layer.kernel);
    let divided = |channels: usize| channels.checked_div(layer.groups).unwrap_or(0);
    let (inputs, outputs) = (divided(ic), divided(oc));
    let panels = outputs.div_ceil(PANEL);
    for (position, y) in (layer.first..).zip(y.chunks_mut(oc.max(1))) {
        let oy = position.checked_div(ow).unwrap_or(0);
        let ox = position - oy * ow;
        for (group, y) in y.chunks_mut(outputs.max(1)).enumerate() {
            let bias = layer.bias.get(group * outputs..).unwrap_or(&[]);
            for (panel, (y, bias)) in y.chunks_mut(PANEL).zip(bias.chunks(PANEL)).enumerate() {
                let mut sums = start(bias);
                for (tap, place) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| [ky, kx])).enumerate() {
                    let iy = (oy * layer.strides[0] + place[0] * layer.dilations[0]).wrapping_sub(layer.pads[0]);
                    let ix = (ox * layer.strides[1] + place[1] * layer.dilations[1]).wrapping_sub(layer.pads[1]);
                    if iy < ih && ix < iw {
                        let at = (iy * iw + ix) * ic + group * inputs;
                        let x = layer.x.get(at..at + inputs).unwrap_or(&[]);
                        let at = ((group * panels + panel) * kh * kw + tap) * inputs;
                        let w = layer.w.get(at..at + inputs).unwrap_or(&[]);
                        add::<A, W>(x, w, sums, &mut sums);
                    }
                }
                for (y, sum) in y.iter_mut().zip(sums) {
                    *y = sum;
                }
            }
        }
        layer.end.apply(y, (position - layer.first) * oc);
    }
}

/// The first sums of a panel.
fn start(bias: &[f32]) -> [f32; PANEL] {
    let mut sums = [0.0; PANEL];
    for (sum, bias) in sums.iter_mut().zip(bias) {
        *sum = *bias;
    }
    sums
}

/// Writes the sums plus the products of a row by a panel.
#[inline(always)]
fn add<A: Arch, W: Packed<Number = f32>>(x: &[f32], w: &[W::Row], sums: [f32; PANEL], y: &mut [f32]) {
    let [sums] = super::tile::<A, Floats, W, 1, PANEL, 0>([sums], [x], w);
    for (y, sum) in y.iter_mut().zip(sums) {
        *y = sum;
    }
}
