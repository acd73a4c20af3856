use super::call_part::{by_elements, by_parts};
use super::generic::by_dtype;
use super::widened::in_i16;
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{
    self, QlinearAveragePool2d, QlinearLogSoftmax, QlinearReduceSum, QlinearResize, QlinearSoftmax, RequantizeLinear,
};

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

impl Between<RequantizeLinear> {
    /// The input that can share storage with the output.
    pub fn in_place(&self) -> Option<usize> {
        (self.from == self.to).then_some(0)
    }
}

impl KernelCall for Between<RequantizeLinear> {
    fn name(&self) -> &'static str {
        "requantize_linear"
    }

    fn in_place_name(&self) -> Option<&'static str> {
        self.in_place().map(|_| "requantize_linear_in_place")
    }

    by_elements!(1);

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        if self.from == self.to {
            return by_dtype!(self.to, T =>
                kernels::requantize_linear(args.simd, self.kernel, args.x::<T>(0), args.y::<T>(0)), [I8 i8, I16 i16]);
        }
        by_dtype!(self.from, T => in_i16(args, 0, self.to, |args, y|
            kernels::requantize_linear(args.simd, self.kernel, args.x::<T>(0), y)), [I8 i8, I16 i16]);
    }

    fn execute_in_place(&self, args: &mut Args<'_>) {
        by_dtype!(self.to, T => kernels::requantize_linear_in_place(args.simd, self.kernel, args.y::<T>(0)),
            [I8 i8, I16 i16]);
    }
}

/// Binds a kernel with these operands after its input.
macro_rules! between {
    ($($kernel:ident, $function:ident($($x:literal),*) $(, by_parts $parts:literal)?;)*) => {$(
        impl KernelCall for Between<$kernel> {
            fn name(&self) -> &'static str {
                stringify!($function)
            }

            fn by_reference(&self) -> bool {
                true
            }

            fn params(&self) -> Value {
                Value::of(&self.kernel)
            }

            $(by_parts!($parts, kernel);)?

            fn execute(&self, args: &mut Args<'_>) {
                by_dtype!(self.from, T => in_i16(args, 0, self.to, |args, y|
                    kernels::$function(args.simd, &self.kernel, args.x::<T>(0), $(args.x($x),)* y)), [I8 i8, I16 i16]);
            }
        }
    )*};
}
between! {
    QlinearAveragePool2d, qlinear_average_pool2d(1), by_parts 1;
    QlinearLogSoftmax, qlinear_log_softmax(1), by_parts 1;
    QlinearReduceSum, qlinear_reduce_sum();
    QlinearResize, qlinear_resize(1, 2), by_parts 1;
    QlinearSoftmax, qlinear_softmax(1), by_parts 1;
}
