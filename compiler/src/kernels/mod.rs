//! How the compiler calls each kernel of `runtime-core`: its parameters as data, and the same call on the host.
//!
//! A kernel generic over the element type is bound through [`Typed`], one that only moves elements through [`Sized`].

mod binary;
mod elementwise;
mod generic;
mod matrix;
mod movement;

pub use binary::BinaryCall;
pub use elementwise::MapCall;
pub use generic::{Sized, Typed};
pub use matrix::{MatMulCall, WithResidual};
pub use movement::{Copy, StridedCall};

/// Dimensions to which the host pads parameters that are generic over the rank, so that one copy of a kernel serves.
pub const HOST_RANK: usize = 8;

/// Binds a kernel whose operands are all of fixed element types: `bind!(Type, function(inputs) -> (outputs))`, where
/// the operands are numbered.
macro_rules! bind {
    ($ty:ty, $function:ident($($x:literal),*) -> ($($y:literal),*) $(, $specialises:ident)?) => {
        impl $crate::program::KernelCall for $ty {
            fn name(&self) -> &'static str {
                stringify!($function)
            }

            fn params(&self) -> $crate::program::Value {
                $crate::program::Value::of(self)
            }

            $(fn $specialises(&self) -> bool {
                true
            })?

            fn execute(&self, args: &mut $crate::program::Args<'_>) {
                runtime_core::kernels::$function(args.simd, *self, $(args.x($x),)* $(args.y($y)),*);
            }
        }
    };
}
pub(crate) use bind;

/// `values` with `filler` before them.
///
/// # Panics
/// If there are more than `N`: lowering keeps to [`HOST_RANK`] dimensions.
pub(crate) fn padded<T: Clone, const N: usize>(values: &[T], filler: T) -> [T; N] {
    assert!(values.len() <= N, "more than {N} dimensions");
    std::array::from_fn(|i| (i + values.len()).checked_sub(N).map_or(filler.clone(), |i| values[i].clone()))
}
