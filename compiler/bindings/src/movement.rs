use super::call_part::by_elements;
use super::generic::by_size;
use super::{HOST_RANK, last, padded};
use crate::DType;
use crate::{Args, CallPart, KernelCall, Value};
use runtime_core::kernels::{self, Duplicate, Strided};
use runtime_core::partial::Partial;
use std::ops::Range;

/// `duplicate`: all elements as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Copy {
    size: usize,
}

impl Copy {
    /// A copy of elements of type `dtype`.
    pub fn of(dtype: DType) -> Self {
        Self { size: dtype.size() }
    }
}

impl KernelCall for Copy {
    fn name(&self) -> &'static str {
        "duplicate"
    }

    fn params(&self) -> Value {
        Value::of(&Duplicate)
    }

    by_elements!(1);

    fn execute(&self, args: &mut Args<'_>) {
        by_size!(self.size, T => kernels::duplicate(args.simd, Duplicate, args.x::<T>(0), args.y(0)));
    }
}

/// `strided`: copies elements at constant distances, as Transpose, Slice and Expand do.
#[derive(Clone, Debug, PartialEq)]
pub struct StridedCall {
    /// Extents of the output.
    pub dims: Vec<usize>,
    /// For each, the distance between elements of the input.
    pub strides: Vec<isize>,
    /// First element of the input.
    pub offset: usize,
    /// Bytes of an element.
    pub size: usize,
}

impl StridedCall {
    /// The same copy with as few dimensions as possible.
    pub fn simplified(mut self) -> Self {
        let (mut dims, mut strides): (Vec<usize>, Vec<isize>) = (vec![], vec![]);
        for (dim, stride) in self.dims.iter().zip(&self.strides) {
            match (dims.last_mut(), strides.last_mut()) {
                _ if *dim == 1 => {}
                (Some(last), Some(step)) if *step == stride * *dim as isize => {
                    *last *= dim;
                    *step = *stride;
                }
                _ => {
                    dims.push(*dim);
                    strides.push(*stride);
                }
            }
        }
        if dims.is_empty() {
            (dims, strides) = (vec![1], vec![1]);
        }
        (self.dims, self.strides) = (dims, strides);
        self
    }

    fn layer(&self) -> Strided<HOST_RANK> {
        Strided {
            dims: padded(&self.dims, 1),
            strides: padded(&self.strides, 0),
            offset: self.offset,
        }
    }

    /// Whether it copies consecutive elements.
    pub fn is_contiguous(&self) -> bool {
        self.strides == [1]
    }
}

impl KernelCall for StridedCall {
    fn name(&self) -> &'static str {
        "strided"
    }

    fn params(&self) -> Value {
        Value::Struct(
            "Strided",
            vec![
                ("dims", Value::ints(&self.dims)),
                ("strides", Value::ints(&self.strides)),
                ("offset", Value::Int(self.offset as i128)),
            ],
        )
    }

    fn const_generics(&self) -> Vec<usize> {
        vec![self.dims.len()]
    }

    fn divides(&self) -> bool {
        true
    }

    fn row(&self) -> Option<usize> {
        self.layer().row()
    }

    fn part(&self, rows: Range<usize>) -> Option<CallPart> {
        let part = self.layer().part(rows)?;
        Some(CallPart::of(part, |layer| Self {
            dims: last(&layer.dims, self.dims.len()),
            offset: layer.offset,
            ..self.clone()
        }))
    }

    fn execute(&self, args: &mut Args<'_>) {
        by_size!(self.size, T => kernels::strided(args.simd, self.layer(), args.x::<T>(0), args.y(0)));
    }
}
