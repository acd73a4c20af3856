use super::generic::by_dtype;
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::Bool;
use runtime_core::function::{Abs, Neg, Sign};
use runtime_core::kernels::{self, Not, Unary};

/// A function of one integer or boolean; see the kernel's type of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// The other sign; integers wrap.
    Neg,
    /// The absolute value; integers wrap.
    Abs,
    /// -1, 0 or 1.
    Sign,
    /// The other truth value; of integers, every bit.
    Not,
}

impl UnaryOp {
    /// Name of its type in `runtime_core`.
    pub const fn kernel_name(self) -> &'static str {
        match self {
            Self::Neg => "Neg",
            Self::Abs => "Abs",
            Self::Sign => "Sign",
            Self::Not => "Not",
        }
    }
}

/// `unary`: a function of each integer or boolean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnaryCall {
    /// The function.
    pub op: UnaryOp,
    /// Element type.
    pub dtype: DType,
}

impl KernelCall for UnaryCall {
    fn name(&self) -> &'static str {
        "unary"
    }

    fn params(&self) -> Value {
        Value::Struct("Unary", vec![("op", Value::Struct(self.op.kernel_name(), vec![]))])
    }

    fn execute(&self, args: &mut Args<'_>) {
        macro_rules! run {
            ($op:expr, $types:tt) => {
                by_dtype!(self.dtype, T => kernels::unary(args.simd, Unary { op: $op }, args.x::<T>(0), args.y(0)), $types)
            };
        }
        macro_rules! integers {
            ($op:expr) => {
                run!($op, [I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64])
            };
        }
        match self.op {
            UnaryOp::Neg => integers!(Neg),
            UnaryOp::Abs => integers!(Abs),
            UnaryOp::Sign => integers!(Sign),
            UnaryOp::Not => {
                run!(Not, [Bool Bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64])
            }
        }
    }
}
