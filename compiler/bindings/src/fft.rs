use super::generic::{Typed, by_dtype};
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, Fft};

impl KernelCall for Typed<Fft> {
    fn name(&self) -> &'static str {
        "fft"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        let (layer, simd) = (self.kernel, args.simd);
        by_dtype!(self.dtype, T => kernels::fft(simd, layer, args.x::<T>(0), args.x(1), args.y(0), args.y(1)),
            [F32 f32, F64 f64]);
    }
}
