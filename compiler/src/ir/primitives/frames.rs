use crate::bindings::StridedCall;
use crate::ir::Lowering;
use crate::ir::geometry::{check_rank, row_major_strides, tensor_type};
use crate::ir::{Fill, OverTime, Time, TimeWindow};
use crate::ir::{Inputs, OpError, Operator, TensorType, op_error};
use std::cmp::Ordering;

/// Frames of `size` elements along an axis, one every `step` elements, as many as fit: the axis becomes two, of frames
/// and of their elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Frames {
    /// The axis.
    pub axis: usize,
    /// Elements of a frame.
    pub size: usize,
    /// Distance between frames.
    pub step: usize,
}

impl Operator for Frames {
    fn name(&self) -> &'static str {
        "Frames"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        let len = x.shape[x.axis(self.axis as i64)?];
        let Some(rest) = len.checked_sub(self.size).filter(|_| self.step > 0 && self.size > 0) else {
            return Err(op_error(format!(
                "{x} has no frames of {} elements in steps of {}",
                self.size, self.step
            )));
        };
        let frames = [rest / self.step + 1, self.size];
        let shape = [&x.shape[..self.axis], &frames, &x.shape[self.axis + 1..]].concat();
        Ok(vec![tensor_type(x.dtype, shape)?])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (ty, x) = (cx.ty(0), cx.input(0));
        let strides: Vec<isize> = row_major_strides(&ty.shape).into_iter().map(|s| s as isize).collect();
        let along = strides[self.axis];
        let frames = [along * self.step as isize, along];
        let strided = StridedCall {
            dims: cx.output_ty(0).shape.clone(),
            strides: [&strides[..self.axis], &frames, &strides[self.axis + 1..]].concat(),
            offset: 0,
            size: ty.dtype.size(),
        }
        .simplified();
        check_rank(&strided.dims)?;
        let y = cx.output(0);
        cx.call(strided, &[x], &[y]);
        Ok(())
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let (axis, _) = time.first()?;
        match axis.cmp(&self.axis) {
            Ordering::Less => OverTime::frames(self.clone(), axis),
            Ordering::Greater => OverTime::frames(self.clone(), axis + 1),
            Ordering::Equal => Ok(OverTime::Window(TimeWindow {
                axis,
                span: self.size,
                stride: self.step,
                before: 0,
                after: 0,
                fill: Fill::Value(0),
                operator: Box::new(self.clone()),
            })),
        }
    }
}
