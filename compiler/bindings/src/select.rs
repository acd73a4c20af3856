use super::generic::by_size;
use super::{HOST_RANK, last, padded};
use crate::{Args, CallPart, KernelCall, Value};
use runtime_core::kernels::{self, Select};
use runtime_core::partial::Partial;
use std::ops::Range;

/// `select`: one of two elements by a condition, with broadcasting.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectCall {
    /// Extents of the output.
    pub dims: Vec<usize>,
    /// For each, the distance between elements of the condition; 0 repeats them.
    pub condition_strides: Vec<usize>,
    /// The same for what is taken where the condition holds.
    pub a_strides: Vec<usize>,
    /// The same for what is taken elsewhere.
    pub b_strides: Vec<usize>,
    /// Bytes of an element.
    pub size: usize,
}

impl SelectCall {
    fn layer(&self) -> Select<HOST_RANK> {
        Select {
            dims: padded(&self.dims, 1),
            condition_strides: padded(&self.condition_strides, 0),
            a_strides: padded(&self.a_strides, 0),
            b_strides: padded(&self.b_strides, 0),
        }
    }
}

impl KernelCall for SelectCall {
    fn name(&self) -> &'static str {
        "select"
    }

    fn params(&self) -> Value {
        Value::Struct(
            "Select",
            vec![
                ("dims", Value::ints(&self.dims)),
                ("condition_strides", Value::ints(&self.condition_strides)),
                ("a_strides", Value::ints(&self.a_strides)),
                ("b_strides", Value::ints(&self.b_strides)),
            ],
        )
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.dims.len()]
    }

    fn row(&self) -> Option<usize> {
        self.layer().row()
    }

    fn part(&self, rows: Range<usize>) -> Option<CallPart> {
        let part = self.layer().part(rows)?;
        Some(CallPart::of(part, |layer| Self {
            dims: last(&layer.dims, self.dims.len()),
            ..self.clone()
        }))
    }

    fn execute(&self, args: &mut Args<'_>) {
        by_size!(self.size, T => kernels::select(args.simd, self.layer(), args.x(0), args.x::<T>(1), args.x(2), args.y(0)));
    }
}
