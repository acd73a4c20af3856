//! Kernels that move data, against plain loops over all indices.

use runtime_core::kernels::*;
use runtime_core::{Bool, Simd, bf16, f16};

const SIMD: Simd = Simd::BASELINE;

fn numbers(count: usize) -> Vec<i32> {
    (0..count as i32).map(|i| i * 7 + 3).collect()
}

/// All indices of a shape, in row-major order.
fn indices<const R: usize>(dims: [usize; R]) -> impl Iterator<Item = [usize; R]> {
    (0..dims.iter().product()).map(move |mut flat| {
        let mut index = [0; R];
        for axis in (0..R).rev() {
            index[axis] = flat % dims[axis];
            flat /= dims[axis];
        }
        index
    })
}

fn dot<const R: usize>(index: [usize; R], strides: [isize; R]) -> isize {
    index.iter().zip(strides).map(|(i, s)| *i as isize * s).sum()
}

fn check_strided<const R: usize>(layer: Strided<R>, len: usize) {
    let x = numbers(len);
    let mut y = vec![-1; layer.dims.iter().product()];
    let expected: Vec<i32> = indices(layer.dims)
        .map(|i| x[(layer.offset as isize + dot(i, layer.strides)) as usize])
        .collect();
    strided(SIMD, layer, &x, &mut y);
    assert_eq!(y, expected, "{layer:?}");
    let bytes: Vec<u8> = x.iter().map(|x| *x as u8).collect();
    let mut y = vec![0u8; expected.len()];
    strided(SIMD, layer, &bytes, &mut y);
    assert!(y.iter().zip(expected).all(|(y, e)| *y == e as u8), "{layer:?} of bytes");
}

#[test]
fn strided_copies() {
    check_strided(
        Strided {
            dims: [],
            strides: [],
            offset: 2,
        },
        3,
    );
    check_strided(
        Strided {
            dims: [0, 3],
            strides: [3, 1],
            offset: 0,
        },
        0,
    );
    check_strided(
        Strided {
            dims: [3, 0],
            strides: [0, 1],
            offset: 0,
        },
        0,
    );
    check_strided(
        Strided {
            dims: [5],
            strides: [-2],
            offset: 9,
        },
        10,
    );
    check_strided(
        Strided {
            dims: [2, 3, 4],
            strides: [12, 0, 1],
            offset: 4,
        },
        24,
    );
    check_strided(
        Strided {
            dims: [3, 4, 2],
            strides: [1, 6, -3],
            offset: 3,
        },
        24,
    );
}

#[test]
fn strided_transposes() {
    for (rows, columns) in [
        (1, 1),
        (8, 8),
        (7, 9),
        (17, 33),
        (64, 40),
        (3, 100),
        (100, 3),
        (8, 1),
        (1, 8),
    ] {
        check_strided(
            Strided {
                dims: [rows, columns],
                strides: [1, rows as isize],
                offset: 0,
            },
            rows * columns,
        );
        let strides = [(rows * columns) as isize, 1, rows as isize];
        check_strided(
            Strided {
                dims: [3, rows, columns],
                strides,
                offset: 0,
            },
            3 * rows * columns,
        );
    }
    // NCHW to NHWC with the batch in the middle.
    check_strided(
        Strided {
            dims: [4, 2, 9, 5],
            strides: [45, 180, 1, 9],
            offset: 0,
        },
        360,
    );
}

#[test]
fn operands_too_short_leave_the_rest_alone() {
    let mut y = [9; 12];
    strided(
        SIMD,
        Strided {
            dims: [3, 4],
            strides: [4, 1],
            offset: 0,
        },
        &numbers(6),
        &mut y,
    );
    assert_eq!(y[..4], numbers(4));
    strided(
        SIMD,
        Strided {
            dims: [3, 4],
            strides: [-4, 2],
            offset: usize::MAX,
        },
        &numbers(6),
        &mut y,
    );
}

#[test]
fn concat_places_inputs() {
    let (a, b) = (numbers(6), vec![100; 9]);
    let mut y = [0; 15];
    concat(
        SIMD,
        Concat {
            outer: 3,
            inner_x: 2,
            inner_y: 5,
            offset: 0,
        },
        &a,
        &mut y,
    );
    concat(
        SIMD,
        Concat {
            outer: 3,
            inner_x: 3,
            inner_y: 5,
            offset: 2,
        },
        &b,
        &mut y,
    );
    assert_eq!(y, [3, 10, 100, 100, 100, 17, 24, 100, 100, 100, 31, 38, 100, 100, 100]);
    concat(
        SIMD,
        Concat {
            outer: 3,
            inner_x: 0,
            inner_y: 5,
            offset: 2,
        },
        &[],
        &mut y,
    );
}

#[test]
fn pads_every_mode() {
    fn run<M: PadMode + std::fmt::Debug>(mode: M, begins: [isize; 2], output: [usize; 2]) -> Vec<i32> {
        let (x, input) = (numbers(12), [3, 4]);
        let mut y = vec![-1; output[0] * output[1]];
        let layer = Pad {
            input,
            output,
            begins,
            mode,
        };
        pad(SIMD, layer, &x, &[77], &mut y);
        let expected: Vec<i32> = indices(output)
            .map(|index| {
                let place = |axis: usize| mode.source(index[axis] as isize - begins[axis], input[axis]);
                match (place(0), place(1)) {
                    (Some(row), Some(column)) => x[row * 4 + column],
                    _ => 77,
                }
            })
            .collect();
        assert_eq!(y, expected, "{layer:?}");
        y
    }
    for (begins, output) in [
        ([0, 0], [3, 4]),
        ([2, 3], [6, 9]),
        ([-1, 1], [2, 4]),
        ([1, -2], [3, 1]),
        ([0, 5], [3, 3]),
    ] {
        run(Constant, begins, output);
        run(Edge, begins, output);
        run(Reflect, begins, output);
        run(Wrap, begins, output);
    }
    assert_eq!(run(Reflect, [0, 2], [1, 8]), [17, 10, 3, 10, 17, 24, 17, 10]);
    assert_eq!(run(Wrap, [0, 1], [1, 6]), [24, 3, 10, 17, 24, 3]);
    assert_eq!(run(Edge, [1, 1], [2, 3]), [3, 3, 10, 3, 3, 10]);
    let mut y = [0; 4];
    pad(
        SIMD,
        Pad {
            input: [0],
            output: [4],
            begins: [2],
            mode: Constant,
        },
        &[],
        &[5],
        &mut y,
    );
    assert_eq!(y, [5; 4]);
    let mut y = [0; 1];
    pad(
        SIMD,
        Pad {
            input: [],
            output: [],
            begins: [],
            mode: Constant,
        },
        &[3],
        &[5],
        &mut y,
    );
    assert_eq!(y, [3]);
}

#[test]
fn gathers() {
    let x = numbers(2 * 3 * 2);
    let mut y = [0; 2 * 4 * 2];
    let layer = Gather {
        outer: 2,
        axis: 3,
        inner: 2,
        count: 4,
    };
    gather(SIMD, layer, &x, &[2i64, 0, -1, -3], &mut y);
    let expected: Vec<i32> = indices([2, 4, 2])
        .map(|[o, j, i]| x[(o * 3 + [2, 0, 2, 0][j]) * 2 + i])
        .collect();
    assert_eq!(y[..], expected);
    for inner in [1, 2] {
        let layer = Gather { inner, ..layer };
        let (mut y, x) = (vec![7; 2 * 4 * inner], vec![1; 2 * 3 * inner]);
        gather(SIMD, layer, &x, &[3i64, 1, -4, i64::MIN], &mut y);
        let inside = indices([2, 4, inner]).map(|[_, j, _]| i32::from(j == 1));
        assert_eq!(y, inside.collect::<Vec<_>>(), "an index outside reads zero");
    }
    gather(
        SIMD,
        Gather {
            outer: 2,
            axis: 3,
            inner: 2,
            count: 0,
        },
        &x,
        &[] as &[i32],
        &mut [],
    );
}

#[test]
fn selects() {
    let condition = [true, false, false, true].map(Bool::from);
    let mut y = [0; 8];
    let layer = Select {
        dims: [2, 4],
        condition_strides: [0, 1],
        a_strides: [4, 1],
        b_strides: [1, 0],
    };
    select(SIMD, layer, &condition, &numbers(8), &[100, 200], &mut y);
    assert_eq!(y, [3, 100, 100, 24, 31, 200, 200, 52]);
}

#[test]
fn casts() {
    fn to<S: runtime_core::Element, T: CastFrom<S> + Default>(x: S) -> T {
        let mut y = [T::default()];
        cast(SIMD, Cast, &[x], &mut y);
        y[0]
    }
    assert_eq!(to::<f32, i8>(-3.9), -3);
    assert_eq!(to::<f32, u8>(300.0), 255);
    assert_eq!(to::<f32, i32>(f32::NAN), 0);
    assert_eq!(to::<i64, i32>(1 << 32 | 5), 5);
    assert_eq!(to::<f32, Bool>(-0.5), Bool::TRUE);
    assert_eq!(to::<f32, Bool>(-0.0), Bool::FALSE);
    assert_eq!(to::<Bool, f16>(Bool::TRUE), f16::ONE);
    assert_eq!(to::<f64, f16>(0.1), f16::from_f64(0.1));
    assert_eq!(to::<bf16, i64>(bf16::from_f32(-2.5)), -2);
    assert_eq!(to::<f16, bf16>(f16::from_f32(1.5)), bf16::from_f32(1.5));
}

#[test]
fn fills_and_duplicates() {
    let mut y = [0; 3];
    fill(SIMD, Fill, &[4], &mut y);
    assert_eq!(y, [4; 3]);
    duplicate(SIMD, Duplicate, &[1, 2, 3], &mut y);
    assert_eq!(y, [1, 2, 3]);
    fill::<_, u8>(SIMD, Fill, &[], &mut []);
}
