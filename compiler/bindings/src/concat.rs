use super::Sized;
use super::call_part::by_parts;
use super::generic::by_size;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, Concat};

impl KernelCall for Sized<Concat> {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    by_parts!(1, kernel);

    fn execute(&self, args: &mut Args<'_>) {
        by_size!(self.size, T => kernels::concat(args.simd, self.kernel, args.x::<T>(0), args.y(0)));
    }
}
