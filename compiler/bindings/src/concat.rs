use super::Sized;
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

    fn execute(&self, args: &mut Args<'_>) {
        by_size!(self.size, T => kernels::concat(args.simd, self.kernel, args.x::<T>(0), args.y(0)));
    }
}
