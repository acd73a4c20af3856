//! How the compiler calls each kernel of `runtime-core`: its parameters as data, and the same call on the host.
//!
//! A kernel generic over the element type is bound through [`Typed`], one that only moves elements through [`Sized`].

#![forbid(unsafe_code)]

mod attention;
mod between;
mod binary;
mod binary_op;
mod call_part;
mod cast;
mod concat;
mod dtype;
mod elementwise;
mod ensemble;
mod fft;
mod gather;
mod generic;
mod indexing;
mod kernel_call;
mod lookup;
mod matrix;
mod movement;
mod normalization;
mod pad;
mod pool;
mod qlinear_binary;
mod qlinear_mat_mul;
mod quantized;
mod recurrence;
mod reduce;
mod resize;
mod sampling;
mod scan;
mod select;
mod sliding;
mod small_weights;
mod softmax;
mod sparse;
mod stored;
mod unary;
mod value;
mod widened;

pub use attention::AttentionCall;
pub use between::Between;
pub use binary::BinaryCall;
pub use binary_op::BinaryOp;
pub use call_part::CallPart;
pub use cast::CastCall;
pub use dtype::DType;
pub use elementwise::MapCall;
pub use ensemble::TreeEnsembleCall;
pub use gather::GatherCall;
pub use generic::{Sized, Typed};
pub use indexing::{LocateCall, ScatterCall};
pub use kernel_call::{Args, Cores, KernelCall};
pub use lookup::LookupCall;
pub use matrix::{MatMulCall, WithResidual};
pub use movement::{Copy, StridedCall};
pub use pad::{PadCall, PadMode};
pub use pool::{AveragePoolCall, MaxPoolCall};
pub use qlinear_binary::{QlinearBinaryCall, QlinearBinaryOp};
pub use qlinear_mat_mul::QlinearMatMulCall;
pub use quantized::{InterleavedCall, PairedCall, QLinearCall, RowsCall};
pub use reduce::{ArgReduceCall, ReduceCall, ReduceOp};
pub use sampling::GridSampleCall;
pub use scan::CumulateCall;
pub use select::SelectCall;
pub use sliding::{Col2ImCall, ConvCall, DeformColumnsCall, MaxPoolIndicesCall, Windows};
pub use softmax::SoftmaxCall;
pub use stored::{Stored, StoredWeights};
pub use unary::{UnaryCall, UnaryOp};
pub use value::Value;

use runtime_core::Simd;
use runtime_core::function::AnyFunction;
use runtime_core::kernels::Map;

/// Dimensions to which the host pads parameters that are generic over the rank, so that one copy of a kernel serves.
pub const HOST_RANK: usize = 8;

/// Applies a fused activation after the kernel ran without one. The result is the same to the bit, and no copy of every
/// kernel for every activation is compiled for the host.
pub(crate) fn activate(simd: Simd, activation: AnyFunction, y: &mut [f32]) {
    if !matches!(activation, AnyFunction::Identity(_)) {
        runtime_core::kernels::map_in_place(simd, Map { function: activation }, y);
    }
}

/// Binds a kernel whose operands are all of fixed element types: `bind!(Type, function(inputs) -> (outputs))`, where
/// the operands are numbered. `; by_parts 1` follows where rows of the output can be computed apart.
macro_rules! bind {
    ($ty:ty, $function:ident($($x:literal),*) -> ($($y:literal),*) $(, $specialises:ident)? $(; by_parts $parts:literal)?) => {
        impl $crate::KernelCall for $ty {
            fn name(&self) -> &'static str {
                stringify!($function)
            }

            fn params(&self) -> $crate::Value {
                $crate::Value::of(self)
            }

            $(fn $specialises(&self) -> bool {
                true
            })?

            $($crate::call_part::by_parts!($parts);)?

            fn execute(&self, args: &mut $crate::Args<'_>) {
                runtime_core::kernels::$function(args.simd, *self, $(args.x($x),)* $(args.y($y)),*);
            }
        }
    };
}
pub(crate) use bind;

/// The last `n` of values that [`padded`] has put others before.
pub(crate) fn last<T: Clone>(values: &[T], n: usize) -> Vec<T> {
    values[values.len().saturating_sub(n)..].to_vec()
}

/// `values` with `filler` before them.
///
/// # Panics
/// If there are more than `N`: lowering keeps to [`HOST_RANK`] dimensions.
pub(crate) fn padded<T: Clone, const N: usize>(values: &[T], filler: T) -> [T; N] {
    assert!(values.len() <= N, "more than {N} dimensions");
    std::array::from_fn(|i| {
        (i + values.len())
            .checked_sub(N)
            .map_or(filler.clone(), |i| values[i].clone())
    })
}
