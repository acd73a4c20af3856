use super::call_part::by_parts;
use super::generic::by_dtype;
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, Pool2d};
use runtime_core::{bf16, f16};

/// `max_pool2d`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPoolCall {
    /// Geometry.
    pub pool: Pool2d,
    /// Element type.
    pub dtype: DType,
}

impl KernelCall for MaxPoolCall {
    fn name(&self) -> &'static str {
        "max_pool2d"
    }

    fn by_reference(&self) -> bool {
        true
    }

    fn params(&self) -> Value {
        Value::of(&self.pool)
    }

    by_parts!(1, pool);

    fn execute(&self, args: &mut Args<'_>) {
        by_dtype!(self.dtype, T => kernels::max_pool2d(args.simd, &self.pool, args.x::<T>(0), args.y(0)),
            [F32 f32, F64 f64, F16 f16, Bf16 bf16, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64]);
    }
}

/// `average_pool2d`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AveragePoolCall {
    /// Geometry.
    pub pool: Pool2d,
    /// Element type.
    pub dtype: DType,
}

impl KernelCall for AveragePoolCall {
    fn name(&self) -> &'static str {
        "average_pool2d"
    }

    fn by_reference(&self) -> bool {
        true
    }

    fn params(&self) -> Value {
        Value::of(&self.pool)
    }

    by_parts!(1, pool);

    fn execute(&self, args: &mut Args<'_>) {
        by_dtype!(self.dtype, T => kernels::average_pool2d(args.simd, &self.pool, args.x::<T>(0), args.y(0)),
            [F32 f32, F64 f64]);
    }
}
