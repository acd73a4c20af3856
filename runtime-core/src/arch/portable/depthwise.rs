//! [`Arch::depthwise_row_f32`].

use crate::arch::{Arch, DepthwiseFloats};

/// Tap by tap, those outside of the image left out.
#[inline(always)]
pub(crate) fn row<A: Arch>(row: DepthwiseFloats<'_>, y: &mut [f32]) {
    let ([ih, iw, c], [kh, kw]) = (row.input, row.kernel);
    for (ox, y) in y.chunks_mut(c.max(1)).enumerate() {
        for (y, bias) in y.iter_mut().zip(row.bias) {
            *y = *bias;
        }
        for tap in 0..kh * kw {
            let (ky, kx) = (tap / kw.max(1), tap % kw.max(1));
            let iy = (row.oy * row.strides[0] + ky * row.dilations[0]).wrapping_sub(row.pads[0]);
            let ix = (ox * row.strides[1] + kx * row.dilations[1]).wrapping_sub(row.pads[1]);
            if iy < ih && ix < iw {
                let x = row.x.get((iy * iw + ix) * c..).unwrap_or(&[]);
                let w = row.w.get(tap * c..).unwrap_or(&[]);
                for ((y, x), w) in y.iter_mut().zip(x).zip(w) {
                    *y = A::fma(*x, *w, *y);
                }
            }
        }
    }
}
