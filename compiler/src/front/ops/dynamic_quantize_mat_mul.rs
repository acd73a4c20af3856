use super::dynamic_quantize_linear::dynamically;
use super::mat_mul_integer::{along, scaled};
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::integer_products::{Integers, product};
use crate::front::shared::quantization::{check, parameter, zero_point};
use crate::ir::primitives::{Binary, BinaryOp};
use crate::ir::{DType, op_error};

/// The product of floats, as `u8` by their own range, and 8-bit integers, in floats; plus an optional bias.
pub(super) const DYNAMIC_QUANTIZE_MAT_MUL: OperatorDef = OperatorDef {
    name: "DynamicQuantizeMatMul",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "",
    read: |cx| {
        check(cx, 0, &[DType::F32])?;
        let b = check(cx, 1, &[DType::I8, DType::U8])?;
        if b.rank() < 2 {
            return Err(op_error(format!("input 1 is {b}, it must be a matrix")));
        }
        let x = cx.input(0)?;
        let [a, a_scale, a_zero] = dynamically(cx, x)?;
        let count = |index| {
            if cx.has(index) {
                cx.ty(index).map_or(1, |ty| ty.len())
            } else {
                1
            }
        };
        let (zeros, scales) = (along(&b.shape, 1, count(3)), along(&b.shape, 1, count(2)));
        let b_zero = zero_point(cx, 3, b.dtype, &zeros)?;
        let weights = cx.input(1)?;
        let a = Integers {
            value: a,
            zero: Some(a_zero),
        };
        let b = Integers {
            value: weights,
            zero: b_zero,
        };
        let sums = product(cx, a, b)?;
        let b_scale = parameter(cx, 2, &scales)?;
        let scale = cx.add(Binary::from(BinaryOp::Mul), &[a_scale, b_scale])?;
        Ok(vec![scaled(cx, sums, scale, 4)?])
    },
};
