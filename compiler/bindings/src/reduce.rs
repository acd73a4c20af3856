use super::generic::by_dtype;
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self as k, ArgReduce, Reduce};
use runtime_core::{bf16, f16};

macro_rules! ops {
    ($($name:ident $doc:literal),* $(,)?) => {
        /// What a reduction makes of the elements; see the kernel's type of the same name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ReduceOp {
            $(#[doc = $doc] $name,)*
        }

        impl ReduceOp {
            /// Name of its type in `runtime_core::kernels`.
            pub const fn kernel_name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}
ops! {
    Sum "The sum.", Mean "The mean.", Max "The greatest.", Min "The least.", Prod "The product.",
    SumSquare "The sum of squares.", L1 "The sum of absolute values.", L2 "The square root of the sum of squares.",
    LogSum "The logarithm of the sum.", LogSumExp "The logarithm of the sum of exponentials.",
}

impl ReduceOp {
    /// Whether elements of type `dtype` can be reduced so.
    pub const fn accepts(self, dtype: DType) -> bool {
        match self {
            Self::Max | Self::Min => !matches!(dtype, DType::Bool),
            Self::L2 | Self::LogSum | Self::LogSumExp => dtype.is_float(),
            _ => dtype.is_float() || matches!(dtype, DType::I32 | DType::I64 | DType::U32 | DType::U64),
        }
    }
}

/// `reduce`: combines the elements along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReduceCall {
    /// What is made of them.
    pub op: ReduceOp,
    /// Product of the extents before the axis.
    pub outer: usize,
    /// Extent of the axis.
    pub axis: usize,
    /// Product of the extents after it.
    pub inner: usize,
    /// Element type.
    pub dtype: DType,
}

/// Runs `$body` with `$op` as the kernel's type for one of the listed reductions.
macro_rules! by_op {
    ($call:expr, $op:ident => $body:expr, [$($name:ident),*]) => {
        match $call.op {
            $(ReduceOp::$name => {
                let $op = Reduce { outer: $call.outer, axis: $call.axis, inner: $call.inner, op: k::$name };
                $body
            })*
            #[allow(unreachable_patterns)]
            _ => {}
        }
    };
}

impl KernelCall for ReduceCall {
    fn name(&self) -> &'static str {
        if self.dtype == DType::F32 {
            "reduce"
        } else {
            "reduce_of"
        }
    }

    fn params(&self) -> Value {
        Value::Struct(
            "Reduce",
            vec![
                ("outer", Value::Int(self.outer as i128)),
                ("axis", Value::Int(self.axis as i128)),
                ("inner", Value::Int(self.inner as i128)),
                ("op", Value::Struct(self.op.kernel_name(), vec![])),
            ],
        )
    }

    fn execute(&self, args: &mut Args<'_>) {
        if self.dtype == DType::F32 {
            return by_op!(self, layer => k::reduce(args.simd, layer, args.x(0), args.y(0)),
                [Sum, Mean, Max, Min, Prod, SumSquare, L1, L2, LogSum, LogSumExp]);
        }
        macro_rules! run {
            ($ops:tt, $types:tt) => {
                by_op!(self, layer => by_dtype!(self.dtype, T => k::reduce_of(args.simd, layer, args.x::<T>(0), args.y(0)), $types), $ops)
            };
        }
        match self.op {
            ReduceOp::Max | ReduceOp::Min => run!(
                [Max, Min],
                [F64 f64, F16 f16, Bf16 bf16, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64]
            ),
            ReduceOp::L2 | ReduceOp::LogSum | ReduceOp::LogSumExp => {
                run!([L2, LogSum, LogSumExp], [F64 f64, F16 f16, Bf16 bf16])
            }
            _ => run!(
                [Sum, Mean, Prod, SumSquare, L1],
                [F64 f64, F16 f16, Bf16 bf16, I32 i32, I64 i64, U32 u32, U64 u64]
            ),
        }
    }
}

/// `arg_max` or `arg_min`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArgReduceCall {
    /// Extents, and which of equal elements counts.
    pub search: ArgReduce,
    /// Whether the greatest element is sought, or the least.
    pub greatest: bool,
    /// Element type of the input.
    pub dtype: DType,
}

impl KernelCall for ArgReduceCall {
    fn name(&self) -> &'static str {
        if self.greatest { "arg_max" } else { "arg_min" }
    }

    fn params(&self) -> Value {
        Value::of(&self.search)
    }

    fn execute(&self, args: &mut Args<'_>) {
        macro_rules! run {
            ($function:ident) => {
                by_dtype!(self.dtype, T => k::$function(args.simd, self.search, args.x::<T>(0), args.y(0)),
                    [F32 f32, F64 f64, F16 f16, Bf16 bf16, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64])
            };
        }
        if self.greatest { run!(arg_max) } else { run!(arg_min) }
    }
}
