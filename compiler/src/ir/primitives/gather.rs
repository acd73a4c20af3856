use super::{BinaryOp, Cast, Scatter, Select};
use crate::bindings::GatherCall;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, Movement, OpError, Operator, Permuted, Tensor, TensorType, op_error};
use crate::ir::{Gradient, Lowering};
use crate::ir::{OverTime, Time};
use runtime_core::kernels::Gather as Kernel;

/// Slices of input 0 picked along a dimension by the indices of input 1, whose dimensions take that one's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Gather {
    /// The dimension.
    pub axis: usize,
}

impl Operator for Gather {
    fn name(&self) -> &'static str {
        "Gather"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, indices) = (inputs.ty(0)?, inputs.ty(1)?);
        if self.axis >= x.rank() {
            return Err(op_error(format!("axis {} is outside the dimensions of {x}", self.axis)));
        }
        if !matches!(indices.dtype, DType::I32 | DType::I64) {
            return Err(op_error(format!(
                "indices are {}, they must be i32 or i64",
                indices.dtype
            )));
        }
        let size = x.shape[self.axis];
        if size == 0 && !indices.is_empty() {
            return Err(op_error(format!("axis {} of {x} has nothing to pick from", self.axis)));
        }
        if let Some(values) = inputs.constant(1).and_then(Tensor::to_i64) {
            let size = size as i64;
            if let Some(index) = values.iter().find(|index| !(-size..size).contains(*index)) {
                return Err(op_error(format!("index {index} is outside axis {} of {x}", self.axis)));
            }
        }
        let shape = [&x.shape[..self.axis], &indices.shape, &x.shape[self.axis + 1..]].concat();
        Ok(vec![tensor_type(x.dtype, shape)?])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (ty, indices) = (cx.ty(0), cx.ty(1));
        let kernel = Kernel {
            outer: ty.shape[..self.axis].iter().product(),
            axis: ty.shape[self.axis],
            inner: ty.shape[self.axis + 1..].iter().product(),
            count: indices.len(),
        };
        // Known indices take half the flash as `i32`.
        let narrow = cx.constant(1).and_then(Tensor::to_i64);
        let narrow: Option<Vec<i32>> = narrow.and_then(|v| v.iter().map(|v| i32::try_from(*v).ok()).collect());
        let (index, places) = match narrow {
            Some(values) => (
                DType::I32,
                cx.add_constant("indices", Tensor::i32(&[values.len()], &values)),
            ),
            None => (indices.dtype, cx.input(1)),
        };
        let (x, y) = (cx.input(0), cx.output(0));
        cx.call(
            GatherCall {
                kernel,
                size: ty.dtype.size(),
                index,
            },
            &[x, places],
            &[y],
        );
        Ok(())
    }

    /// Only where one dimension takes the place of one.
    fn permute(&self, perm: &[usize], inputs: &[Option<&TensorType>]) -> Option<Permuted> {
        inputs[1].filter(|indices| indices.rank() == 1)?;
        let axis = perm.iter().position(|p| *p == self.axis)?;
        Some(Permuted {
            operator: Box::new(Self { axis }),
            transposed: vec![true, false],
        })
    }

    fn movement(&self, _: usize) -> Option<Movement> {
        Some(Movement::of_first())
    }

    /// Slices that were picked several times take the sum.
    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (x, indices, g) = (cx.input(0)?, cx.input(1)?, cx.of_output()?);
        if self.axis != 0 {
            return Err(op_error("its gradient is known for axis 0 only"));
        }
        let ty = cx.ty(x).clone();
        let (rows, inner) = (ty.shape[0], ty.shape[1..].iter().product());
        // Indices below zero count from the end.
        let indices = cx.add(Cast { to: DType::I32 }, &[indices])?;
        let from_end = cx.with_number(BinaryOp::Add, indices, rows as f64)?;
        let negative = cx.with_number(BinaryOp::Less, indices, 0.0)?;
        let places = cx.add(Select, &[negative, from_end, indices])?;
        let zeros = cx.add_constant(Tensor::new(ty.dtype, ty.shape.clone(), vec![0; ty.bytes()]));
        let reduction = Some(BinaryOp::Add);
        let gradient = cx.add(Scatter { inner, reduction }, &[zeros, places, g])?;
        cx.give(0, gradient)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        match time.axes {
            [Some(axis), None] if *axis < self.axis => OverTime::frames(self.clone(), *axis),
            [Some(axis), None] if *axis > self.axis => OverTime::frames(self.clone(), axis + time.shape(1)?.len() - 1),
            [None, Some(axis)] => OverTime::frames(self.clone(), self.axis + axis),
            _ => Err("it picks frames by their place in time".to_owned()),
        }
    }
}
