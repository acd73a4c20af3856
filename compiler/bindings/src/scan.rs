use super::generic::{Typed, by_dtype};
use crate::{Args, DType, KernelCall, ReduceOp, Value};
use runtime_core::kernels::{self as k, Cumulate, Det, Prod, Sum, TopK};
use runtime_core::{bf16, f16};

/// `cumulate`: each element combined with all before it along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CumulateCall {
    /// Product of the extents before the axis.
    pub outer: usize,
    /// Extent of the axis.
    pub axis: usize,
    /// Product of the extents after it.
    pub inner: usize,
    /// Whether an element is combined with those before it only.
    pub exclusive: bool,
    /// Whether to go from the last element to the first.
    pub reverse: bool,
    /// [`ReduceOp::Sum`] or [`ReduceOp::Prod`].
    pub op: ReduceOp,
    /// Element type.
    pub dtype: DType,
}

impl KernelCall for CumulateCall {
    fn name(&self) -> &'static str {
        "cumulate"
    }

    fn params(&self) -> Value {
        Value::Struct(
            "Cumulate",
            vec![
                ("outer", Value::Int(self.outer as i128)),
                ("axis", Value::Int(self.axis as i128)),
                ("inner", Value::Int(self.inner as i128)),
                ("exclusive", Value::Bool(self.exclusive)),
                ("reverse", Value::Bool(self.reverse)),
                ("op", Value::Struct(self.op.kernel_name(), vec![])),
            ],
        )
    }

    fn execute(&self, args: &mut Args<'_>) {
        macro_rules! run {
            ($op:ident) => {{
                let Self { outer, axis, inner, exclusive, reverse, .. } = *self;
                let layer = Cumulate { outer, axis, inner, exclusive, reverse, op: $op };
                // Integers wrap, so that the sign makes no difference.
                by_dtype!(self.dtype, T => k::cumulate(args.simd, layer, args.x::<T>(0), args.y(0)),
                    [F32 f32, F64 f64, I32 u32, U32 u32, I64 u64, U64 u64]);
            }};
        }
        match self.op {
            ReduceOp::Prod => run!(Prod),
            _ => run!(Sum),
        }
    }
}

impl KernelCall for Typed<TopK> {
    fn name(&self) -> &'static str {
        "top_k"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        let places = args.y(1);
        by_dtype!(self.dtype, T => k::top_k(args.simd, self.kernel, args.x::<T>(0), args.y(0), places),
            [F32 f32, F64 f64, F16 f16, Bf16 bf16, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64]);
    }
}

impl KernelCall for Typed<Det> {
    fn name(&self) -> &'static str {
        "det"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        by_dtype!(self.dtype, T => k::det(args.simd, self.kernel, args.x::<T>(0), args.y(0), args.y(1)),
            [F32 f32, F64 f64]);
    }
}
