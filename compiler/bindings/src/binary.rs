use super::generic::by_dtype;
use super::{HOST_RANK, activate, last, padded};
use crate::BinaryOp;
use crate::DType;
use crate::{Args, CallPart, KernelCall, Value};
use runtime_core::function::{AnyFunction, Identity};
use runtime_core::kernels::{self as k, Binary};
use runtime_core::partial::Partial;
use runtime_core::{Bool, Element, bf16, f16};
use std::ops::Range;

/// `binary`: a function of two elements, with broadcasting, and an activation for `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct BinaryCall {
    /// The function.
    pub op: BinaryOp,
    /// Applied to its result.
    pub activation: AnyFunction,
    /// Extents of the output.
    pub dims: Vec<usize>,
    /// For each, the distance between elements of the first operand; 0 repeats them.
    pub a_strides: Vec<usize>,
    /// The same for the second.
    pub b_strides: Vec<usize>,
    /// Element type of the operands.
    pub dtype: DType,
    /// Whether the operand that is overwritten in place is the second.
    pub reversed: bool,
}

impl BinaryCall {
    fn is_f32_arithmetic(&self) -> bool {
        self.dtype == DType::F32 && !self.op.is_predicate()
    }

    fn layer<O>(&self, op: O) -> Binary<O, Identity, HOST_RANK> {
        Binary {
            dims: padded(&self.dims, 1),
            a_strides: padded(&self.a_strides, 0),
            b_strides: padded(&self.b_strides, 0),
            op,
            activation: Identity,
        }
    }
}

/// A function called for each element: the kernel is compiled once for a type of elements rather than for each
/// function. Only `f32`, which models compute with, has copies of its own.
#[derive(Clone, Copy)]
struct Indirect<T, O>(fn(T, T) -> O);

impl<T: Element, O: Element> k::BinaryOp<T> for Indirect<T, O> {
    type Output = O;

    fn eval(self, a: T, b: T) -> O {
        (self.0)(a, b)
    }
}

/// Runs `$body` with `$op` as the kernel's type for one of the listed functions.
macro_rules! by_op {
    ($call:expr, $op:ident => $body:expr, [$($name:ident),*]) => {
        match $call.op {
            $(BinaryOp::$name => {
                let $op = k::$name;
                $body
            })*
            #[allow(unreachable_patterns)]
            _ => {}
        }
    };
}

impl KernelCall for BinaryCall {
    fn name(&self) -> &'static str {
        if self.is_f32_arithmetic() {
            "binary"
        } else {
            "binary_of"
        }
    }

    fn in_place_name(&self) -> Option<&'static str> {
        match (self.is_f32_arithmetic(), self.reversed) {
            (false, _) => None,
            (true, false) => Some("binary_in_place"),
            (true, true) => Some("binary_in_place_reversed"),
        }
    }

    fn params(&self) -> Value {
        Value::Struct(
            "Binary",
            vec![
                ("dims", Value::ints(&self.dims)),
                ("a_strides", Value::ints(&self.a_strides)),
                ("b_strides", Value::ints(&self.b_strides)),
                ("op", Value::Struct(self.op.kernel_name(), vec![])),
                ("activation", Value::of(&self.activation)),
            ],
        )
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.dims.len()]
    }

    fn row(&self) -> Option<usize> {
        self.layer(()).row()
    }

    fn part(&self, rows: Range<usize>) -> Option<CallPart> {
        let part = self.layer(()).part(rows)?;
        Some(CallPart::of(part, |layer| Self {
            dims: last(&layer.dims, self.dims.len()),
            ..self.clone()
        }))
    }

    fn execute(&self, args: &mut Args<'_>) {
        if self.is_f32_arithmetic() {
            let y = args.y(0);
            by_op!(self, op => k::binary(args.simd, self.layer(op), args.x(0), args.x(1), y),
                [Add, Sub, Mul, Div, Pow, Max, Min, PRelu, Mod, Fmod]);
            return activate(args.simd, self.activation, y);
        }
        macro_rules! run {
            ([$($name:ident),*], $types:tt) => {
                by_dtype!(self.dtype, T => {
                    let op: fn(T, T) -> _ = match self.op {
                        $(BinaryOp::$name => |a, b| k::BinaryOp::eval(k::$name, a, b),)*
                        _ => return,
                    };
                    k::binary_of(args.simd, self.layer(Indirect(op)), args.x(0), args.x(1), args.y(0))
                }, $types)
            };
        }
        match self.op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => {
                run!([And, Or, Xor], [Bool Bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64])
            }
            BinaryOp::ShiftLeft | BinaryOp::ShiftRight => {
                run!([ShiftLeft, ShiftRight], [I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64])
            }
            BinaryOp::Equal => {
                run!([Equal], [Bool Bool, F32 f32, F64 f64, F16 f16, Bf16 bf16, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64])
            }
            _ if self.op.is_predicate() => run!(
                [Greater, GreaterOrEqual, Less, LessOrEqual],
                [F32 f32, F64 f64, F16 f16, Bf16 bf16, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64]
            ),
            _ => run!(
                [Add, Sub, Mul, Div, Pow, Max, Min, PRelu, Mod, Fmod],
                [F64 f64, F16 f16, Bf16 bf16, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64]
            ),
        }
    }

    fn execute_in_place(&self, args: &mut Args<'_>) {
        let y = args.y(0);
        by_op!(self, op => {
            if self.reversed {
                k::binary_in_place_reversed(args.simd, self.layer(op), args.x(0), y);
            } else {
                k::binary_in_place(args.simd, self.layer(op), args.x(0), y);
            }
        }, [Add, Sub, Mul, Div, Pow, Max, Min, PRelu, Mod, Fmod]);
        activate(args.simd, self.activation, y);
    }
}
