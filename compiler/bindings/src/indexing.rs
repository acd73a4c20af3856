use super::generic::{Sized, by_dtype, by_size};
use super::{HOST_RANK, padded};
use crate::{Args, BinaryOp, DType, KernelCall, Value};
use runtime_core::kernels::{self as k, BitCast, Locate, Scatter};
use runtime_core::{Bool, bf16, f16};

/// `locate`: places in a tensor from tuples of indices.
#[derive(Clone, Debug, PartialEq)]
pub struct LocateCall {
    /// Shape of the places.
    pub dims: Vec<usize>,
    /// What a step along each of these dimensions adds to a place.
    pub strides: Vec<usize>,
    /// Sizes of the axes that the indices of a tuple count along.
    pub axes: Vec<usize>,
    /// What a step along each of these axes adds to a place.
    pub steps: Vec<usize>,
    /// Element type of the indices: `i32` or `i64`.
    pub index: DType,
}

impl LocateCall {
    fn run<const K: usize>(&self, args: &mut Args<'_>) {
        let layer = Locate::<HOST_RANK, K> {
            dims: padded(&self.dims, 1),
            strides: padded(&self.strides, 0),
            axes: padded(&self.axes, 1),
            steps: padded(&self.steps, 0),
        };
        by_dtype!(self.index, I => k::locate(args.simd, layer, args.x::<I>(0), args.y(0)), [I32 i32, I64 i64]);
    }
}

impl KernelCall for LocateCall {
    fn name(&self) -> &'static str {
        "locate"
    }

    fn params(&self) -> Value {
        Value::Struct(
            "Locate",
            vec![
                ("dims", Value::ints(&self.dims)),
                ("strides", Value::ints(&self.strides)),
                ("axes", Value::ints(&self.axes)),
                ("steps", Value::ints(&self.steps)),
            ],
        )
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.dims.len(), self.axes.len()]
    }

    fn execute(&self, args: &mut Args<'_>) {
        match self.axes.len() {
            1 => self.run::<1>(args),
            2 => self.run::<2>(args),
            3 => self.run::<3>(args),
            4 => self.run::<4>(args),
            5 => self.run::<5>(args),
            6 => self.run::<6>(args),
            7 => self.run::<7>(args),
            _ => self.run::<HOST_RANK>(args),
        }
    }
}

/// `scatter`: slices put into a tensor at given places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScatterCall {
    /// Elements of a slice.
    pub inner: usize,
    /// What is made of an element that is there and one that is put there, if it does not replace the other.
    pub reduction: Option<BinaryOp>,
    /// Element type.
    pub dtype: DType,
}

impl ScatterCall {
    fn run(&self, args: &mut Args<'_>, in_place: bool) {
        macro_rules! scatter {
            ($op:ident, $T:ty) => {{
                let layer = Scatter {
                    inner: self.inner,
                    op: k::$op,
                };
                if in_place {
                    k::scatter_in_place(args.simd, layer, args.x(0), args.x::<$T>(1), args.y(0));
                } else {
                    k::scatter(args.simd, layer, args.x::<$T>(0), args.x(1), args.x(2), args.y(0));
                }
            }};
        }
        macro_rules! numbers {
            ($op:ident) => {
                by_dtype!(self.dtype, T => scatter!($op, T), [
                    F32 f32, F64 f64, F16 f16, Bf16 bf16, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32,
                    U64 u64
                ])
            };
        }
        match self.reduction {
            None => by_size!(self.dtype.size(), T => scatter!(Replace, T)),
            Some(BinaryOp::Add) => numbers!(Add),
            Some(BinaryOp::Mul) => numbers!(Mul),
            Some(BinaryOp::Max) => numbers!(Max),
            Some(BinaryOp::Min) => numbers!(Min),
            Some(BinaryOp::Or) => scatter!(Or, Bool),
            Some(_) => scatter!(And, Bool),
        }
    }
}

impl KernelCall for ScatterCall {
    fn name(&self) -> &'static str {
        "scatter"
    }

    fn in_place_name(&self) -> Option<&'static str> {
        Some("scatter_in_place")
    }

    fn params(&self) -> Value {
        let op = self.reduction.map_or("Replace", BinaryOp::kernel_name);
        Value::Struct(
            "Scatter",
            vec![
                ("inner", Value::Int(self.inner as i128)),
                ("op", Value::Struct(op, vec![])),
            ],
        )
    }

    fn execute(&self, args: &mut Args<'_>) {
        self.run(args, false);
    }

    fn execute_in_place(&self, args: &mut Args<'_>) {
        self.run(args, true);
    }
}

impl KernelCall for Sized<BitCast> {
    fn name(&self) -> &'static str {
        "bit_cast"
    }

    fn params(&self) -> Value {
        Value::of(&self.kernel)
    }

    fn execute(&self, args: &mut Args<'_>) {
        by_size!(self.size, T => k::bit_cast(args.simd, self.kernel, args.x::<T>(0), args.y::<T>(0)));
    }
}
