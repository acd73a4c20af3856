use super::call_part::by_elements;
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::kernels::{self, Lookup};

/// `lookup` of `i8` or `lookup_interpolated` of `i16`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LookupCall {
    /// Element type.
    pub dtype: DType,
}

impl KernelCall for LookupCall {
    fn name(&self) -> &'static str {
        match self.dtype {
            DType::I8 => "lookup",
            _ => "lookup_interpolated",
        }
    }

    fn in_place_name(&self) -> Option<&'static str> {
        Some(match self.dtype {
            DType::I8 => "lookup_in_place",
            _ => "lookup_interpolated_in_place",
        })
    }

    fn params(&self) -> Value {
        Value::of(&Lookup)
    }

    by_elements!(1);

    fn execute(&self, args: &mut Args<'_>) {
        match self.dtype {
            DType::I8 => kernels::lookup(args.simd, Lookup, args.x(0), args.x(1), args.y(0)),
            _ => kernels::lookup_interpolated(args.simd, Lookup, args.x(0), args.x(1), args.y(0)),
        }
    }

    fn execute_in_place(&self, args: &mut Args<'_>) {
        match self.dtype {
            DType::I8 => kernels::lookup_in_place(args.simd, Lookup, args.x(0), args.y(0)),
            _ => kernels::lookup_interpolated_in_place(args.simd, Lookup, args.x(0), args.y(0)),
        }
    }
}
