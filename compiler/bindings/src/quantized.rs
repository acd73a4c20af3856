//! Kernels of quantised tensors.

use super::call_part::by_parts;
use super::generic::by_dtype;
use super::widened::in_i16;
use crate::{Args, Cores, DType, KernelCall, Typed, Value};
use runtime_core::kernels::{self, Conv2d, ConvTranspose2d, DepthwiseConv2d, DequantizeLinear, Gemm, QuantizeLinear};
use runtime_core::requantize::Requantize;

/// Binds a kernel between `f32` and integers: scales and zero points follow the input.
macro_rules! boundary {
    ($kernel:ident, $function:ident, $types:tt) => {
        impl KernelCall for Typed<$kernel> {
            fn name(&self) -> &'static str {
                stringify!($function)
            }

            fn params(&self) -> Value {
                Value::of(&self.kernel)
            }

            by_parts!(1, kernel);

            fn execute(&self, args: &mut Args<'_>) {
                by_dtype!(self.dtype, T =>
                    kernels::$function(args.simd, self.kernel, args.x(0), args.x(1), args.x::<T>(2), args.y(0)), $types);
            }
        }
    };
}
boundary!(QuantizeLinear, quantize_linear, [I8 i8, U8 u8, I16 i16, U16 u16, I32 i32]);
boundary!(DequantizeLinear, dequantize_linear, [I8 i8, U8 u8, I16 i16, U16 u16, I32 i32]);

/// The integer form of a matrix kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QLinearCall<K> {
    /// Parameters.
    pub kernel: K,
    /// Type of the inputs, `i8` or `i16`.
    pub from: DType,
    /// Type of the outputs, `i8` or `i16`.
    pub to: DType,
}

/// Binds the integer form of a matrix kernel: input, weights, bias and multipliers.
macro_rules! qlinear {
    ($($kernel:ident, $function:ident;)*) => {$(
        impl KernelCall for QLinearCall<$kernel<Requantize>> {
            fn name(&self) -> &'static str {
                stringify!($function)
            }

            fn params(&self) -> Value {
                Value::of(&self.kernel)
            }

            fn specialises(&self) -> bool {
                true
            }

            by_parts!(1, kernel);

            fn execute(&self, args: &mut Args<'_>) {
                by_dtype!(self.from, X => in_i16(args, 0, self.to, |args, y| {
                    let x = args.x::<X>(0);
                    kernels::$function(args.simd, self.kernel, x, args.x::<i8>(1), args.x(2), args.x(3), y);
                }), [I8 i8, I16 i16]);
            }
        }
    )*};
}
qlinear! {
    Conv2d, qlinear_conv2d;
    DepthwiseConv2d, qlinear_depthwise_conv2d;
    ConvTranspose2d, qlinear_conv_transpose2d;
    Gemm, qlinear_gemm;
}

/// The integer form of a matrix kernel on weights in pairs of channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedCall<K>(pub K);

/// The integer form of a matrix kernel on weights in fours of channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InterleavedCall<K>(pub K);

/// The integer form of a matrix kernel on rows of weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowsCall<K>(pub K);

/// Binds a kernel on a layout of certain cores: input, weights and parameters, and what it needs beside its output.
macro_rules! packed_for_cores {
    ($call:ident, $cores:ident; $($kernel:ident, $function:ident($($scratch:literal),*);)*) => {$(
        impl KernelCall for $call<$kernel<Requantize>> {
            fn name(&self) -> &'static str {
                stringify!($function)
            }

            fn params(&self) -> Value {
                Value::of(&self.0)
            }

            fn made_for(&self) -> Option<Cores> {
                Some(Cores::$cores)
            }

            by_parts!(1, 0);

            fn execute(&self, args: &mut Args<'_>) {
                let (x, w, parameters) = (args.x(0), args.x(1), args.x(2));
                kernels::$function(args.simd, &self.0, x, w, parameters, args.y(0) $(, args.y($scratch))*);
            }
        }
    )*};
}
packed_for_cores! {
    PairedCall, Dsp;
    Conv2d, qlinear_conv2d_paired(1, 2);
    DepthwiseConv2d, qlinear_depthwise_conv2d_paired(1);
    Gemm, qlinear_gemm_paired(1);
}
packed_for_cores! {
    RowsCall, Mve;
    Conv2d, qlinear_conv2d_rows(1);
    DepthwiseConv2d, qlinear_depthwise_conv2d_rows();
    Gemm, qlinear_gemm_rows();
}
packed_for_cores! {
    InterleavedCall, Scalar;
    Conv2d, qlinear_conv2d_interleaved(1);
    DepthwiseConv2d, qlinear_depthwise_conv2d_interleaved();
    Gemm, qlinear_gemm_interleaved(1);
}
