use super::generic::by_dtype;
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, RequantizeLinear};

/// An integer kernel that reads elements of one type and writes those of another, each `i8` or `i16`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between<K> {
    /// Parameters.
    pub kernel: K,
    /// Element type of the input.
    pub from: DType,
    /// Element type of the output.
    pub to: DType,
}

impl<K> Between<K> {
    /// The input that can share storage with the output of a kernel with an in-place form.
    pub fn in_place(&self) -> Option<usize> {
        (self.from == self.to).then_some(0)
    }
}

/// Runs `$body` with `$T` and `$U` as the types of inputs and outputs.
macro_rules! by_types {
    ($call:expr, $T:ident, $U:ident => $body:expr) => {
        by_dtype!($call.from, $T => by_dtype!($call.to, $U => $body, [I8 i8, I16 i16]), [I8 i8, I16 i16])
    };
}
pub(crate) use by_types;

impl KernelCall for Between<RequantizeLinear> {
    fn name(&self) -> &'static str {
        "requantize_linear"
    }

    fn in_place_name(&self) -> Option<&'static str> {
        self.in_place().map(|_| "requantize_linear_in_place")
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        by_types!(self, T, U => kernels::requantize_linear(args.simd, self.kernel, args.x::<T>(0), args.y::<U>(0)));
    }

    fn execute_in_place(&self, args: &mut Args<'_>) {
        by_dtype!(self.to, T => kernels::requantize_linear_in_place(args.simd, self.kernel, args.y::<T>(0)),
            [I8 i8, I16 i16]);
    }
}
