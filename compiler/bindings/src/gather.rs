use super::generic::{by_dtype, by_size};
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, Gather};

/// `gather`: slices picked by index along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GatherCall {
    /// Parameters.
    pub kernel: Gather,
    /// Bytes of an element.
    pub size: usize,
    /// Element type of the indices: `i32` or `i64`.
    pub index: DType,
}

impl KernelCall for GatherCall {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        by_size!(self.size, T => by_dtype!(self.index, I =>
            kernels::gather(args.simd, self.kernel, args.x::<T>(0), args.x::<I>(1), args.y(0)),
            [I32 i32, I64 i64]));
    }
}
