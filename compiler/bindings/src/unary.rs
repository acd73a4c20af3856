use super::call_part::by_elements;
use super::generic::by_dtype;
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::function::{Abs, Neg, Sign};
use runtime_core::kernels::{self, IsInf, IsNan, Not, Unary};
use runtime_core::{Bool, bf16, f16};

/// A function of one integer or boolean, or a test of a float; see the kernel's type of the same name.
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
    /// Whether it is NaN.
    IsNan,
    /// Whether it is infinite.
    IsInf {
        /// Whether minus infinity counts.
        negative: bool,
        /// Whether infinity counts.
        positive: bool,
    },
}

impl UnaryOp {
    /// Name of its type in `runtime_core`.
    pub const fn kernel_name(self) -> &'static str {
        match self {
            Self::Neg => "Neg",
            Self::Abs => "Abs",
            Self::Sign => "Sign",
            Self::Not => "Not",
            Self::IsNan => "IsNan",
            Self::IsInf { .. } => "IsInf",
        }
    }

    /// Whether it is a test, of floats.
    pub const fn is_predicate(self) -> bool {
        matches!(self, Self::IsNan | Self::IsInf { .. })
    }
}

/// `unary`: a function of each integer or boolean, or a test of each float.
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
        let fields = match self.op {
            UnaryOp::IsInf { negative, positive } => {
                vec![("negative", Value::Bool(negative)), ("positive", Value::Bool(positive))]
            }
            _ => vec![],
        };
        Value::Struct("Unary", vec![("op", Value::Struct(self.op.kernel_name(), fields))])
    }

    by_elements!(1);

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
        macro_rules! floats {
            ($op:expr) => {
                run!($op, [F32 f32, F64 f64, F16 f16, Bf16 bf16])
            };
        }
        match self.op {
            UnaryOp::Neg => integers!(Neg),
            UnaryOp::Abs => integers!(Abs),
            UnaryOp::Sign => integers!(Sign),
            UnaryOp::Not => {
                run!(Not, [Bool Bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64])
            }
            UnaryOp::IsNan => floats!(IsNan),
            UnaryOp::IsInf { negative, positive } => floats!(IsInf { negative, positive }),
        }
    }
}
