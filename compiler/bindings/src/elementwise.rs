use super::call_part::by_elements;
use super::generic::by_dtype;
use crate::DType;
use crate::{Args, KernelCall, Value};
use runtime_core::function::AnyFunction;
use runtime_core::kernels::{self, Map};

/// `map`: a function of each element of a float tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapCall {
    /// The function.
    pub function: AnyFunction,
    /// Element type.
    pub dtype: DType,
}

impl KernelCall for MapCall {
    fn name(&self) -> &'static str {
        if self.dtype == DType::F32 { "map" } else { "map_of" }
    }

    fn in_place_name(&self) -> Option<&'static str> {
        (self.dtype == DType::F32).then_some("map_in_place")
    }

    fn params(&self) -> Value {
        Value::of(&Map {
            function: self.function,
        })
    }

    by_elements!(1);

    fn execute(&self, args: &mut Args<'_>) {
        let map = Map {
            function: self.function,
        };
        if self.dtype == DType::F32 {
            return kernels::map(args.simd, map, args.x(0), args.y(0));
        }
        by_dtype!(self.dtype, T => kernels::map_of(args.simd, map, args.x::<T>(0), args.y(0)),
            [F64 f64, F16 runtime_core::f16, Bf16 runtime_core::bf16]);
    }

    fn execute_in_place(&self, args: &mut Args<'_>) {
        kernels::map_in_place(
            args.simd,
            Map {
                function: self.function,
            },
            args.y(0),
        );
    }
}
