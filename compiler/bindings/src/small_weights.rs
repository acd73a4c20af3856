//! Products by weights that are small integers, of which the host has one copy: whole bytes.

use super::call_part::by_parts;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, IntegerGemm, ScaledGemm};

impl KernelCall for ScaledGemm {
    fn name(&self) -> &'static str {
        "scaled_gemm"
    }

    fn params(&self) -> Value {
        Value::of(self)
    }

    by_parts!(1);

    fn execute(&self, args: &mut Args<'_>) {
        kernels::scaled_gemm(args.simd, *self, args.x(0), args.x::<i8>(1), args.x(2), args.y(0));
    }
}

impl KernelCall for IntegerGemm {
    fn name(&self) -> &'static str {
        "integer_gemm"
    }

    fn params(&self) -> Value {
        Value::of(self)
    }

    by_parts!(1);

    fn execute(&self, args: &mut Args<'_>) {
        kernels::integer_gemm(args.simd, *self, args.x(0), args.x::<i8>(1), args.y(0));
    }
}
