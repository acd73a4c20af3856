use super::call_part::by_elements;
use super::generic::by_dtype;
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, Cast};
use runtime_core::{Bool, bf16, f16};

/// `cast`: conversion between element types.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CastCall {
    /// Element type of the input.
    pub from: DType,
    /// Element type of the output.
    pub to: DType,
}

/// [`by_dtype`] for every element type.
macro_rules! by_any_dtype {
    ($dtype:expr, $T:ident => $body:expr) => {
        by_dtype!($dtype, $T => $body, [
            F32 f32, F64 f64, F16 f16, Bf16 bf16, Bool Bool,
            I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64
        ])
    };
}

impl KernelCall for CastCall {
    fn name(&self) -> &'static str {
        "cast"
    }

    fn params(&self) -> Value {
        Value::of(&Cast)
    }

    by_elements!(1);

    fn execute(&self, args: &mut Args<'_>) {
        by_any_dtype!(self.from, S => by_any_dtype!(self.to, T =>
            kernels::cast(args.simd, Cast, args.x::<S>(0), args.y::<T>(0))));
    }
}
