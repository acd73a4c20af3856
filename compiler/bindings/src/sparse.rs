//! Products by weights most of which are zero.

use super::activate;
use super::generic::by_dtype;
use super::widened::in_i16;
use crate::{Args, KernelCall, QLinearCall, Value};
use runtime_core::function::{AnyFunction, Identity};
use runtime_core::kernels::{self, SparseGemm};
use runtime_core::requantize::Requantize;

impl KernelCall for SparseGemm<AnyFunction> {
    fn name(&self) -> &'static str {
        "sparse_gemm"
    }

    fn params(&self) -> Value {
        Value::of(self)
    }

    fn execute(&self, args: &mut Args<'_>) {
        let (layer, y) = (self.with_activation(Identity), args.y(0));
        kernels::sparse_gemm(args.simd, layer, args.x(0), args.x(1), args.x(2), args.x(3), y);
        activate(args.simd, self.activation, y);
    }
}

impl KernelCall for QLinearCall<SparseGemm<Requantize>> {
    fn name(&self) -> &'static str {
        "qlinear_sparse_gemm"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        by_dtype!(self.from, X => in_i16(args, 0, self.to, |args, y| {
            let x = args.x::<X>(0);
            kernels::qlinear_sparse_gemm(args.simd, self.kernel, x, args.x(1), args.x(2), args.x(3), args.x(4), y);
        }), [I8 i8, I16 i16]);
    }
}
