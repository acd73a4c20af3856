use super::call_part::by_parts;
use super::generic::{Typed, by_dtype};
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, Resize};

impl KernelCall for Typed<Resize> {
    fn name(&self) -> &'static str {
        "resize"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    by_parts!(1, kernel);

    fn execute(&self, args: &mut Args<'_>) {
        by_dtype!(self.dtype, T =>
            kernels::resize(args.simd, self.kernel, args.x::<T>(0), args.x(1), args.x(2), args.y(0)),
            [F32 f32, F64 f64]);
    }
}
