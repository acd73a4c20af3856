use super::call_part::by_parts;
use super::generic::by_dtype;
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, Softmax};
use runtime_core::{bf16, f16};

/// `softmax` or `log_softmax`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftmaxCall {
    /// Extents.
    pub softmax: Softmax,
    /// Whether the result is the logarithm of the probability.
    pub log: bool,
    /// Element type.
    pub dtype: DType,
}

impl KernelCall for SoftmaxCall {
    fn name(&self) -> &'static str {
        match (self.log, self.dtype) {
            (false, DType::F32) => "softmax",
            (true, DType::F32) => "log_softmax",
            (false, _) => "softmax_of",
            (true, _) => "log_softmax_of",
        }
    }

    fn params(&self) -> Value {
        Value::of(&self.softmax)
    }

    by_parts!(1, softmax);

    fn execute(&self, args: &mut Args<'_>) {
        let layer = self.softmax;
        match (self.log, self.dtype) {
            (false, DType::F32) => kernels::softmax(args.simd, layer, args.x(0), args.y(0)),
            (true, DType::F32) => kernels::log_softmax(args.simd, layer, args.x(0), args.y(0)),
            (false, dtype) => by_dtype!(dtype, T => kernels::softmax_of(args.simd, layer, args.x::<T>(0), args.y(0)),
                [F64 f64, F16 f16, Bf16 bf16]),
            (true, dtype) => {
                by_dtype!(dtype, T => kernels::log_softmax_of(args.simd, layer, args.x::<T>(0), args.y(0)),
                [F64 f64, F16 f16, Bf16 bf16])
            }
        }
    }
}
