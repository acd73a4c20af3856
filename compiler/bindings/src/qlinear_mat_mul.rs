use super::generic::by_dtype;
use super::widened::in_i16;
use super::{HOST_RANK, padded};
use crate::DType;
use crate::{Args, CallPart, KernelCall, MatMulCall, Value};
use runtime_core::kernels::{self, QlinearMatMul};
use std::ops::Range;

/// `qlinear_mat_mul`: a product of two quantised matrices known only at run time, batched.
#[derive(Clone, Debug, PartialEq)]
pub struct QlinearMatMulCall {
    /// Extents, and the element type of the operands.
    pub product: MatMulCall,
    /// Zero points of the operands.
    pub zeros: [i32; 2],
    /// Multiplier of the sums.
    pub multiplier: i32,
    /// Bits to shift by.
    pub shift: u32,
    /// Zero point of the output.
    pub zero: i32,
    /// Least and greatest output.
    pub limits: [i32; 2],
    /// Element type of the output.
    pub to: DType,
}

impl KernelCall for QlinearMatMulCall {
    fn name(&self) -> &'static str {
        "qlinear_mat_mul"
    }

    fn params(&self) -> Value {
        let MatMulCall {
            batch,
            a_strides,
            b_strides,
            m,
            k,
            n,
            ..
        } = &self.product;
        let int = |value: i32| Value::Int(value.into());
        Value::Struct(
            "QlinearMatMul",
            vec![
                ("batch", Value::ints(batch)),
                ("a_strides", Value::ints(a_strides)),
                ("b_strides", Value::ints(b_strides)),
                ("m", Value::Int(*m as i128)),
                ("k", Value::Int(*k as i128)),
                ("n", Value::Int(*n as i128)),
                ("a_zero", int(self.zeros[0])),
                ("b_zero", int(self.zeros[1])),
                ("multiplier", int(self.multiplier)),
                ("shift", Value::Int(self.shift.into())),
                ("zero", int(self.zero)),
                ("min", int(self.limits[0])),
                ("max", int(self.limits[1])),
            ],
        )
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.product.batch.len()]
    }

    fn row(&self) -> Option<usize> {
        self.product.row()
    }

    fn part(&self, rows: Range<usize>) -> Option<CallPart> {
        let part = self.product.divided(rows)?;
        Some(CallPart::of(part, |product| Self {
            product,
            ..self.clone()
        }))
    }

    fn execute(&self, args: &mut Args<'_>) {
        let product = &self.product;
        let layer = QlinearMatMul::<HOST_RANK> {
            batch: padded(&product.batch, 1),
            a_strides: padded(&product.a_strides, 0),
            b_strides: padded(&product.b_strides, 0),
            m: product.m,
            k: product.k,
            n: product.n,
            a_zero: self.zeros[0],
            b_zero: self.zeros[1],
            multiplier: self.multiplier,
            shift: self.shift,
            zero: self.zero,
            min: self.limits[0],
            max: self.limits[1],
        };
        by_dtype!(product.dtype, T => in_i16(args, 0, self.to, |args, y|
            kernels::qlinear_mat_mul(args.simd, layer, args.x::<T>(0), args.x(1), y)), [I8 i8, I16 i16]);
    }
}
