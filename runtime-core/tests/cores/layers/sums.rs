use super::operands::{Operands, Place};
use super::random::Random;
use alloc::vec::Vec;
use runtime_core::Simd;
use runtime_core::kernels::{QlinearAdd, qlinear_add, qlinear_add_in_place};

/// Sums of two tensors, in place as well.
pub(crate) fn sums(place: &mut impl Place, rounds: usize) {
    let mut random = Random(4);
    for len in 0..rounds {
        let (a, b) = (random.bytes(len), random.bytes(len));
        let limits = random.requantize();
        let layer = QlinearAdd {
            a_multiplier: random.next() as i32 % (1 << 20),
            b_multiplier: random.next() as i32 % (1 << 20),
            constant: random.next() as i32 % (1 << 26),
            shift: 1 + random.next() % 22,
            min: limits.min,
            max: limits.max,
        };
        // As its documentation says, in exact arithmetic.
        let limited = |(a, b): (&i8, &i8)| {
            let product = |number: i8, multiplier: i32| i64::from(number) * i64::from(multiplier);
            let sum = product(*a, layer.a_multiplier) + product(*b, layer.b_multiplier) + i64::from(layer.constant);
            let limited = (sum >> layer.shift).max(layer.min.into()).min(layer.max.into());
            limited.clamp(i8::MIN.into(), i8::MAX.into()) as i8
        };
        let expected: Vec<i8> = a.iter().zip(&b).map(limited).collect();
        let operands = Operands {
            x: &a,
            w: &[0_u32; 0],
            parameters: &[],
            scratch: 0,
            patch: 0,
        };
        operands.check(place, &expected, |a, _, _, y, _, _| {
            qlinear_add(Simd::detect(), layer, a, &b, y)
        });
        let operands = Operands { x: &b, ..operands };
        operands.check(place, &expected, |b, _, _, y, _, _| {
            y.copy_from_slice(&a);
            qlinear_add_in_place(Simd::detect(), layer, b, y);
        });
    }
}
