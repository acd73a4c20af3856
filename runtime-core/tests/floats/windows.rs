//! The kernels of windows over any number of axes against plain loops, on odd shapes.

use runtime_core::Simd;
use runtime_core::kernels::*;

/// Small integers, the same on every run, so that sums are exact in every type.
fn numbers(len: usize, seed: i64) -> Vec<i64> {
    (0..len as i64)
        .map(|i| (i * 2_654_435_761 + seed * 40_503) % 1009 % 15 - 7)
        .collect()
}

/// Every index of an array of shape `dims`, in order.
fn places<const R: usize>(dims: [usize; R]) -> Vec<[usize; R]> {
    let mut places = vec![[0; R]];
    for (axis, dim) in dims.into_iter().enumerate() {
        places = places
            .into_iter()
            .flat_map(|place| {
                (0..dim).map(move |i| {
                    let mut place = place;
                    place[axis] = i;
                    place
                })
            })
            .collect();
    }
    places
}

/// Where an index is in an array of shape `dims`, if it is inside.
fn offset<const R: usize>(dims: [usize; R], place: [isize; R]) -> Option<usize> {
    dims.into_iter().zip(place).try_fold(0, |offset, (dim, i)| {
        let i = usize::try_from(i).ok().filter(|i| *i < dim)?;
        Some(offset * dim + i)
    })
}

/// The element that `tap` of a window is.
fn element<const R: usize>(
    window: [usize; R],
    tap: [usize; R],
    strides: [usize; R],
    dilations: [usize; R],
    pads: [usize; R],
) -> [isize; R] {
    std::array::from_fn(|i| (window[i] * strides[i] + tap[i] * dilations[i]) as isize - pads[i] as isize)
}

fn check_conv<const R: usize>(c: Conv<R>) {
    let [inputs, outputs] = c.channels;
    let count = |dims: [usize; R]| dims.iter().product::<usize>();
    let [x_len, y_len, taps] = [c.input, c.output, c.kernel].map(count);
    let x = numbers(c.batch * c.groups * inputs * x_len, 1);
    let w = numbers(c.groups * inputs * outputs * taps, 2);
    let bias = numbers(c.groups * outputs, 3);
    let mut expected = vec![0; c.batch * c.groups * outputs * y_len];
    for [n, g, o, i] in places([c.batch, c.groups, outputs, inputs]) {
        let y = &mut expected[((n * c.groups + g) * outputs + o) * y_len..][..y_len];
        let x = &x[((n * c.groups + g) * inputs + i) * x_len..][..x_len];
        let filter = if c.transposed { i * outputs + o } else { o * inputs + i };
        let w = &w[(g * inputs * outputs + filter) * taps..][..taps];
        if i == 0 {
            y.fill(bias[g * outputs + o]);
        }
        let windows = if c.transposed { c.input } else { c.output };
        for (window, at) in places(windows).into_iter().zip(0..) {
            for (tap, w) in places(c.kernel).into_iter().zip(w) {
                let place = element(window, tap, c.strides, c.dilations, c.pads);
                if c.transposed {
                    if let Some(place) = offset(c.output, place) {
                        y[place] += w * x[at];
                    }
                } else if let Some(place) = offset(c.input, place) {
                    y[at] += w * x[place];
                }
            }
        }
    }
    for simd in Simd::levels() {
        let mut y = vec![99; expected.len()];
        conv(simd, c, &x, &w, &bias, &mut y);
        assert_eq!(y, expected, "{c:?}");
        let single = |v: &[i64]| v.iter().map(|v| *v as f32).collect::<Vec<_>>();
        let mut y = vec![f32::NAN; expected.len()];
        conv(simd, c, &single(&x), &single(&w), &single(&bias), &mut y);
        assert_eq!(y, single(&expected), "{c:?}");
    }
}

#[test]
fn convolutions() {
    let volume = Conv {
        batch: 2,
        groups: 2,
        channels: [3, 2],
        input: [4, 5, 6],
        output: [4, 2, 7],
        kernel: [3, 2, 2],
        strides: [1, 3, 1],
        dilations: [1, 1, 2],
        pads: [1, 0, 2],
        transposed: false,
    };
    check_conv(volume);
    check_conv(Conv {
        input: [4, 2, 7],
        output: [4, 5, 6],
        transposed: true,
        ..volume
    });
    check_conv(Conv {
        input: [0, 5, 6],
        ..volume
    });
    check_conv(Conv { batch: 0, ..volume });
    for transposed in [false, true] {
        // Windows that lie beyond what they slide over.
        check_conv(Conv {
            batch: 1,
            groups: 1,
            channels: [1, 1],
            input: [5],
            output: [9],
            kernel: [4],
            strides: [2],
            dilations: [3],
            pads: [6],
            transposed,
        });
    }
}

#[test]
fn windows_add_up() {
    let layer = Col2Im {
        planes: 3,
        windows: [2, 3],
        image: [5, 6],
        kernel: [3, 2],
        strides: [2, 2],
        dilations: [1, 2],
        pads: [1, 0],
    };
    let x = numbers(3 * 6 * 6, 4);
    let mut expected = vec![0; 3 * 30];
    for ([plane, ky, kx, wy, wx], x) in places([3, 3, 2, 2, 3]).into_iter().zip(&x) {
        let place = element([wy, wx], [ky, kx], layer.strides, layer.dilations, layer.pads);
        if let Some(place) = offset(layer.image, place) {
            expected[plane * 30 + place] += x;
        }
    }
    let mut y = vec![99; expected.len()];
    col2im(Simd::detect(), layer, &x, &mut y);
    assert_eq!(y, expected);
}

#[test]
fn greatest_elements_and_their_indices() {
    let layer = MaxPoolIndices {
        planes: 2,
        input: [4, 5],
        output: [3, 3],
        kernel: [2, 3],
        strides: [2, 2],
        dilations: [1, 2],
        pads: [1, 2],
        places: [1, 4],
    };
    let x = numbers(40, 5);
    let mut expected = vec![];
    for [plane, wy, wx] in places([2, 3, 3]) {
        let mut best = (i64::MIN, -1);
        for tap in places(layer.kernel) {
            let place = element([wy, wx], tap, layer.strides, layer.dilations, layer.pads);
            if let Some(at) = offset(layer.input, place)
                && x[plane * 20 + at] > best.0
            {
                best = (
                    x[plane * 20 + at],
                    plane as i64 * 20 + place[0] as i64 + 4 * place[1] as i64,
                );
            }
        }
        expected.push(best);
    }
    let (mut y, mut indices) = (vec![99; 18], vec![99; 18]);
    max_pool_indices(Simd::detect(), layer, &x, &mut y, &mut indices);
    assert_eq!(y.into_iter().zip(indices).collect::<Vec<_>>(), expected);
}

#[test]
fn the_least_value_has_an_index() {
    let layer = MaxPoolIndices {
        planes: 1,
        input: [2],
        output: [3],
        kernel: [1],
        strides: [1],
        dilations: [1],
        pads: [0],
        places: [1],
    };
    let (mut y, mut indices) = ([9.0; 3], [9; 3]);
    max_pool_indices(Simd::detect(), layer, &[f32::NEG_INFINITY, 1.0], &mut y, &mut indices);
    assert_eq!((y, indices), ([f32::NEG_INFINITY, 1.0, f32::NEG_INFINITY], [0, 1, -1]));
}

#[test]
fn moved_elements() {
    let layer = DeformColumns {
        groups: 1,
        channels: 1,
        axes: 2,
        input: [3, 3],
        windows: [1, 2],
        kernel: [1, 1],
        strides: [1, 1],
        dilations: [1, 1],
        pads: [0, 0],
    };
    let x: Vec<f32> = (0..9u8).map(f32::from).collect();
    let sampled = |offsets: [f32; 4]| {
        let mut y = [9.0; 2];
        deform_columns(Simd::detect(), layer, &x, &offsets, &mut y);
        y
    };
    assert_eq!(sampled([0.0; 4]), [0.0, 1.0]);
    // Down by a half and by one, right by a quarter and by two, which is outside.
    assert_eq!(sampled([0.5, 1.0, 0.25, 2.0]), [1.75, 0.0]);
    // Half outside.
    assert_eq!(sampled([0.0, 0.0, -0.5, 1.5]), [0.0, 1.0]);
    assert_eq!(sampled([f32::INFINITY, f32::MIN, 0.0, 0.0]), [0.0; 2]);
    // A group of axes before those that are moved.
    let layer = DeformColumns {
        groups: 1,
        channels: 1,
        axes: 1,
        input: [1, 9],
        windows: [1, 2],
        kernel: [1, 1],
        strides: [1, 1],
        dilations: [1, 1],
        pads: [0, 0],
    };
    let mut y = [0.0; 2];
    deform_columns(Simd::detect(), layer, &x, &[0.5, 6.5], &mut y);
    assert_eq!(y, [0.5, 7.5]);
}
