//! Operators of two tensors with broadcasting, and of one.

use super::inputs::{both, noise};
use runtime_core::function::*;
use runtime_core::kernels::*;
use runtime_core::{Bool, Simd, f16};

#[test]
fn binary_broadcasts() {
    let cases: [([usize; 3], [usize; 3], [usize; 3]); 8] = [
        ([2, 3, 5], [15, 5, 1], [15, 5, 1]),
        ([2, 3, 37], [0, 0, 1], [111, 37, 1]),
        ([2, 3, 37], [111, 37, 1], [0, 0, 0]),
        ([2, 3, 37], [0, 1, 0], [111, 37, 1]),
        ([2, 3, 4], [3, 1, 0], [4, 0, 1]),
        ([4, 1, 1], [1, 1, 1], [0, 0, 0]),
        ([0, 3, 4], [12, 4, 1], [12, 4, 1]),
        ([2, 3, 0], [0, 0, 1], [0, 0, 1]),
    ];
    both(|simd| {
        let (a, b) = (noise(300, 1), noise(300, 2));
        for (dims, a_strides, b_strides) in cases {
            let count = dims.iter().product();
            let offsets = |strides: [usize; 3]| {
                (0..count).map(move |flat: usize| {
                    let index = [flat / (dims[1] * dims[2]), flat / dims[2] % dims[1], flat % dims[2]];
                    index.iter().zip(strides).map(|(i, s)| i * s).sum::<usize>()
                })
            };
            let pairs: Vec<(f32, f32)> = offsets(a_strides)
                .zip(offsets(b_strides))
                .map(|(i, j)| (a[i], b[j]))
                .collect();
            let mut y = vec![9.0; count];
            binary(
                simd,
                Binary {
                    dims,
                    a_strides,
                    b_strides,
                    op: Sub,
                    activation: Relu,
                },
                &a,
                &b,
                &mut y,
            );
            assert_eq!(y, pairs.iter().map(|(a, b)| (a - b).max(0.0)).collect::<Vec<_>>());

            let layer = Binary {
                dims,
                a_strides,
                b_strides,
                op: Div,
                activation: Identity,
            };
            let mut y: Vec<f32> = pairs.iter().map(|(a, _)| *a).collect();
            binary_in_place(simd, layer, &b, &mut y);
            assert_eq!(y, pairs.iter().map(|(a, b)| a / b).collect::<Vec<_>>());
            let mut y: Vec<f32> = pairs.iter().map(|(_, b)| *b).collect();
            binary_in_place_reversed(simd, layer, &a, &mut y);
            assert_eq!(y, pairs.iter().map(|(a, b)| a / b).collect::<Vec<_>>());

            let mut y = vec![Bool::FALSE; count];
            binary_of(
                simd,
                Binary {
                    dims,
                    a_strides,
                    b_strides,
                    op: Less,
                    activation: Identity,
                },
                &a,
                &b,
                &mut y,
            );
            assert!(y.iter().zip(&pairs).all(|(y, (a, b))| *y == Bool::from(a < b)));
        }
    });
}

#[test]
fn binary_of_scalars() {
    both(|simd| {
        let mut y = [0.0];
        let scalar = Binary {
            dims: [],
            a_strides: [],
            b_strides: [],
            op: Add,
            activation: Identity,
        };
        binary(simd, scalar, &[1.0], &[2.0], &mut y);
        assert_eq!(y, [3.0]);
    });
}

#[test]
fn binary_ops() {
    fn eval<T: runtime_core::Element, Op: BinaryOp<T>>(op: Op, a: T, b: T) -> Op::Output {
        op.eval(a, b)
    }
    assert_eq!(eval(Pow, 3, 4), 81);
    assert_eq!(eval(Pow, -1i64, -3), -1);
    assert_eq!(eval(Pow, 2i32, -3), 0);
    assert_eq!(eval(Pow, 2.0f32, 0.5), std::f32::consts::SQRT_2);
    assert_eq!(eval(Mod, -7, 3), 2);
    assert_eq!(eval(Mod, 7, -3), -2);
    assert_eq!(eval(Fmod, -7, 3), -1);
    assert_eq!(eval(Mod, 5, 0), 0);
    assert_eq!(eval(Mod, i32::MIN, -1), 0);
    assert_eq!(eval(Fmod, -7.5f32, 2.0), -1.5);
    assert_eq!(eval(Mod, -7.5f32, 2.0), 0.5);
    assert_eq!(eval(ShiftLeft, 1u8, 7), 128);
    assert_eq!(eval(ShiftLeft, 1u8, 8), 0);
    assert_eq!(eval(And, 12u16, 10), 8);
    assert_eq!(eval(Xor, Bool::TRUE, Bool::TRUE), Bool::FALSE);
    assert_eq!(eval(PRelu, -2.0f32, 0.25), -0.5);
    assert!(eval(Max, f32::NAN, 1.0).is_nan() && eval(Max, 1.0, f32::NAN).is_nan());
    assert_eq!(eval(Add, f16::ONE, f16::ONE), f16::from_f32(2.0));
}

#[test]
fn unary_ops() {
    let mut y = [0i8; 3];
    unary(Simd::BASELINE, Unary { op: Sign }, &[-5i8, 0, 9], &mut y);
    assert_eq!(y, [-1, 0, 1]);
    unary(
        Simd::BASELINE,
        Unary {
            op: ClipOf { min: -2i8, max: 4 },
        },
        &[-5i8, 0, 9],
        &mut y,
    );
    assert_eq!(y, [-2, 0, 4]);
    let mut y = [Bool::FALSE; 3];
    unary(
        Simd::BASELINE,
        Unary {
            op: IsInf {
                negative: true,
                positive: false,
            },
        },
        &[f64::NEG_INFINITY, f64::INFINITY, 1.0],
        &mut y,
    );
    assert_eq!(y, [true, false, false].map(Bool::from));
    unary(
        Simd::BASELINE,
        Unary { op: IsNan },
        &[f32::NAN, f32::INFINITY, 1.0],
        &mut y,
    );
    assert_eq!(y, [true, false, false].map(Bool::from));
}
