use super::call_part::by_elements;
use super::generic::by_dtype;
use super::widened::in_i16;
use super::{HOST_RANK, last, padded};
use crate::DType;
use crate::{Args, CallPart, KernelCall, Value};
use runtime_core::kernels::{self, QlinearAdd, QlinearBinary, QlinearOp, WeightedProduct, WeightedSum};
use runtime_core::partial::Partial;
use std::ops::Range;

/// What is made of two quantised elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QlinearBinaryOp {
    /// A sum or a difference.
    Sum(WeightedSum),
    /// A product.
    Product(WeightedProduct),
}

impl QlinearBinaryOp {
    /// The same function of the operands in the other order.
    pub fn reversed(self) -> Self {
        match self {
            Self::Sum(WeightedSum {
                a_multiplier,
                b_multiplier,
            }) => Self::Sum(WeightedSum {
                a_multiplier: b_multiplier,
                b_multiplier: a_multiplier,
            }),
            product => product,
        }
    }

    fn params(self) -> Value {
        match self {
            Self::Sum(op) => Value::of(&op),
            Self::Product(op) => Value::of(&op),
        }
    }
}

/// `qlinear_binary`: a function of two quantised tensors, with broadcasting.
#[derive(Clone, Debug, PartialEq)]
pub struct QlinearBinaryCall {
    /// The function.
    pub op: QlinearBinaryOp,
    /// Extents of the output.
    pub dims: Vec<usize>,
    /// For each, the distance between elements of the first operand; 0 repeats them.
    pub a_strides: Vec<usize>,
    /// The same for the second.
    pub b_strides: Vec<usize>,
    /// Zero points of the operands.
    pub zeros: [i32; 2],
    /// Bits to shift by.
    pub shift: u32,
    /// Zero point of the output.
    pub zero: i32,
    /// Least and greatest output.
    pub limits: [i32; 2],
    /// Element type of the operands.
    pub from: DType,
    /// Element type of the output.
    pub to: DType,
}

impl QlinearBinaryCall {
    fn layer<Op>(&self, op: Op) -> QlinearBinary<Op, HOST_RANK> {
        QlinearBinary {
            dims: padded(&self.dims, 1),
            a_strides: padded(&self.a_strides, 0),
            b_strides: padded(&self.b_strides, 0),
            a_zero: self.zeros[0],
            b_zero: self.zeros[1],
            op,
            shift: self.shift,
            zero: self.zero,
            min: self.limits[0],
            max: self.limits[1],
        }
    }

    fn run(&self, args: &mut Args<'_>, op: impl QlinearOp) {
        let layer = self.layer(op);
        if self.from == self.to {
            return by_dtype!(self.to, T =>
                kernels::qlinear_binary(args.simd, layer, args.x::<T>(0), args.x(1), args.y::<T>(0)), [I8 i8, I16 i16]);
        }
        by_dtype!(self.from, T => in_i16(args, 0, self.to, |args, y|
            kernels::qlinear_binary(args.simd, layer, args.x::<T>(0), args.x(1), y)), [I8 i8, I16 i16]);
    }

    fn run_in_place(&self, args: &mut Args<'_>, op: impl QlinearOp) {
        let layer = self.layer(op);
        by_dtype!(self.to, T => kernels::qlinear_binary_in_place(args.simd, layer, args.x::<T>(0), args.y(0)),
            [I8 i8, I16 i16]);
    }
}

impl KernelCall for QlinearBinaryCall {
    fn name(&self) -> &'static str {
        "qlinear_binary"
    }

    fn in_place_name(&self) -> Option<&'static str> {
        (self.from == self.to).then_some("qlinear_binary_in_place")
    }

    fn params(&self) -> Value {
        let int = |value: i32| Value::Int(value.into());
        Value::Struct(
            "QlinearBinary",
            vec![
                ("dims", Value::ints(&self.dims)),
                ("a_strides", Value::ints(&self.a_strides)),
                ("b_strides", Value::ints(&self.b_strides)),
                ("a_zero", int(self.zeros[0])),
                ("b_zero", int(self.zeros[1])),
                ("op", self.op.params()),
                ("shift", Value::Int(self.shift.into())),
                ("zero", int(self.zero)),
                ("min", int(self.limits[0])),
                ("max", int(self.limits[1])),
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
        match self.op {
            QlinearBinaryOp::Sum(op) => self.run(args, op),
            QlinearBinaryOp::Product(op) => self.run(args, op),
        }
    }

    fn execute_in_place(&self, args: &mut Args<'_>) {
        match self.op {
            QlinearBinaryOp::Sum(op) => self.run_in_place(args, op),
            QlinearBinaryOp::Product(op) => self.run_in_place(args, op),
        }
    }
}

impl KernelCall for QlinearAdd {
    fn name(&self) -> &'static str {
        "qlinear_add"
    }

    fn in_place_name(&self) -> Option<&'static str> {
        Some("qlinear_add_in_place")
    }

    fn params(&self) -> Value {
        Value::of(self)
    }

    by_elements!(2);

    fn execute(&self, args: &mut Args<'_>) {
        kernels::qlinear_add(args.simd, *self, args.x(0), args.x(1), args.y(0));
    }

    fn execute_in_place(&self, args: &mut Args<'_>) {
        kernels::qlinear_add_in_place(args.simd, *self, args.x(0), args.y(0));
    }
}
