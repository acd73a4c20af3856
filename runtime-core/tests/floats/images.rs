//! Pooling and resizing.

use super::inputs::{both, close, noise};
use runtime_core::Simd;
use runtime_core::kernels::*;

fn check_pool(layer: Pool2d) {
    let Pool2d {
        batch,
        input: [h, w, c],
        output: [oh, ow, _],
        kernel,
        strides,
        dilations,
        pads,
        ..
    } = layer;
    let x = noise(batch * h * w * c, 8);
    let (mut greatest, mut average) = (Vec::new(), Vec::new());
    for (n, oy, ox, ch) in (0..batch * oh * ow * c).map(|i| (i / c / ow / oh, i / c / ow % oh, i / c % ow, i % c)) {
        let (mut m, mut sum, mut count) = (f64::NEG_INFINITY, 0.0, 0);
        for (ky, kx) in (0..kernel[0]).flat_map(|ky| (0..kernel[1]).map(move |kx| (ky, kx))) {
            let iy = (oy * strides[0] + ky * dilations[0]) as isize - pads[0] as isize;
            let ix = (ox * strides[1] + kx * dilations[1]) as isize - pads[1] as isize;
            let inside = iy >= 0 && ix >= 0 && iy < h as isize && ix < w as isize;
            let padded = iy < (h + pads[2]) as isize && ix < (w + pads[3]) as isize;
            if inside {
                let x = f64::from(x[((n * h + iy as usize) * w + ix as usize) * c + ch]);
                (m, sum) = (m.max(x), sum + x);
            }
            count += u32::from(inside || layer.count_include_pad && padded);
        }
        greatest.push(m);
        average.push(sum / f64::from(count));
    }
    both(|simd| {
        let mut y = vec![9.0; greatest.len()];
        max_pool2d(simd, &layer, &x, &mut y);
        close(&y, greatest.clone(), 0.0, &format!("max {layer:?}"));
        average_pool2d(simd, &layer, &x, &mut y);
        close(&y, average.clone(), 1e-6, &format!("average {layer:?}"));
    });
}

#[test]
fn pools() {
    let plain = Pool2d {
        batch: 2,
        input: [8, 6, 16],
        output: [4, 3, 16],
        kernel: [2, 2],
        strides: [2, 2],
        dilations: [1, 1],
        pads: [0; 4],
        count_include_pad: false,
    };
    check_pool(plain);
    check_pool(Pool2d { batch: 0, ..plain });
    for channels in [1, 3, 16, 37] {
        for count_include_pad in [false, true] {
            let padded = Pool2d {
                batch: 1,
                input: [7, 5, channels],
                output: [4, 3, channels],
                kernel: [3, 3],
                strides: [2, 2],
                dilations: [1, 1],
                pads: [1; 4],
                count_include_pad,
            };
            check_pool(padded);
            // `ceil_mode`: the last window leaves the padding.
            check_pool(Pool2d {
                input: [6, 6, channels],
                output: [3, 3, channels],
                pads: [0; 4],
                ..padded
            });
            check_pool(Pool2d {
                output: [7, 5, channels],
                strides: [1, 1],
                dilations: [2, 1],
                pads: [2, 1, 2, 1],
                ..padded
            });
        }
    }
    let mut y = [0u8];
    let one = Pool2d {
        batch: 1,
        input: [2, 2, 1],
        output: [1, 1, 1],
        ..plain
    };
    max_pool2d(Simd::detect(), &one, &[3u8, 200, 7, 9], &mut y);
    assert_eq!(y, [200]);
    // Only what lies inside of a window is walked.
    let vast = Pool2d {
        kernel: [usize::MAX >> 2; 2],
        pads: [usize::MAX >> 3; 4],
        ..one
    };
    max_pool2d(Simd::detect(), &vast, &[3u8, 200, 7, 9], &mut y);
    assert_eq!(y, [200]);
}

#[test]
fn resizes() {
    both(|simd| {
        let (outer, input, output, inner, taps) = (2, 4, 7, 5, 2);
        let x = noise(outer * input * inner, 9);
        let indices: Vec<i32> = (0..output * taps).map(|i| (i * 3 % input) as i32).collect();
        let weights = noise(output * taps, 10);
        let mut y = vec![9.0; outer * output * inner];
        resize(
            simd,
            Resize {
                outer,
                input,
                output,
                inner,
                taps,
            },
            &x,
            &indices,
            &weights,
            &mut y,
        );
        let expected = (0..y.len()).map(|flat| {
            let (o, j, i) = (flat / inner / output, flat / inner % output, flat % inner);
            let tap = |k| {
                f64::from(weights[j * taps + k])
                    * f64::from(x[(o * input + indices[j * taps + k] as usize) * inner + i])
            };
            (0..taps).map(tap).sum()
        });
        close(&y, expected.collect::<Vec<f64>>(), 1e-6, "resize");
    });
}
