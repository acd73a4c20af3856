use super::{Pad, PadMode};
use crate::bindings::StridedCall;
use crate::ir::geometry::{check_rank, row_major_strides};
use crate::ir::{Framewise, OverTime, Time};
use crate::ir::{Gradient, Lowering};
use crate::ir::{Inputs, Movement, OpError, Operator, Parts, Permuted, TensorType, op_error};

/// Every `steps[i]`-th of the elements along each dimension `i`: `lens[i]` of them, from `starts[i]` on.
///
/// A view where the elements are consecutive in the arena.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// First element.
    pub starts: Vec<usize>,
    /// Distance between elements, negative to run backwards.
    pub steps: Vec<isize>,
    /// Number of elements.
    pub lens: Vec<usize>,
}

impl Slice {
    /// `len` neighbours along `axis` of a tensor of `shape`, from `start` on; all of the other dimensions.
    pub fn along(shape: &[usize], axis: usize, start: usize, len: usize) -> Self {
        let mut slice = Self {
            starts: vec![0; shape.len()],
            steps: vec![1; shape.len()],
            lens: shape.to_vec(),
        };
        (slice.starts[axis], slice.lens[axis]) = (start, len);
        slice
    }

    /// Whether it takes all elements of a tensor of `shape`, in order.
    pub fn is_whole(&self, shape: &[usize]) -> bool {
        self.lens == shape && self.steps.iter().zip(shape).all(|(step, dim)| *step == 1 || *dim <= 1)
    }
}

impl Operator for Slice {
    fn name(&self) -> &'static str {
        "Slice"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if [self.starts.len(), self.steps.len(), self.lens.len()] != [x.rank(); 3] {
            return Err(op_error(format!(
                "the slice has {} dimensions, {x} has {}",
                self.lens.len(),
                x.rank()
            )));
        }
        for (axis, dim) in x.shape.iter().enumerate().filter(|(axis, _)| self.lens[*axis] > 0) {
            let (start, step, len) = (self.starts[axis], self.steps[axis], self.lens[axis]);
            let last = step
                .checked_mul(len as isize - 1)
                .and_then(|way| start.checked_add_signed(way));
            if start >= *dim || last.is_none_or(|last| last >= *dim) {
                return Err(op_error(format!(
                    "{len} elements in steps of {step} from {start} on leave axis {axis} of {x}"
                )));
            }
        }
        Ok(vec![x.with_shape(self.lens.clone())])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let len = cx.output_ty(0).len();
        let x = cx.input(0);
        if self.is_whole(&ty.shape) {
            cx.alias(0, x);
            return Ok(());
        }
        let strides = row_major_strides(&ty.shape);
        let offset = if len == 0 {
            0
        } else {
            self.starts.iter().zip(&strides).map(|(start, s)| start * s).sum()
        };
        let strided = StridedCall {
            dims: self.lens.clone(),
            strides: self
                .steps
                .iter()
                .zip(&strides)
                .map(|(step, s)| step * *s as isize)
                .collect(),
            offset,
            size: ty.dtype.size(),
        }
        .simplified();
        check_rank(&strided.dims)?;
        match cx.part(x, offset, len) {
            Some(part) if strided.is_contiguous() && len > 0 => cx.alias(0, part),
            _ => {
                let y = cx.output(0);
                cx.call(strided, &[x], &[y]);
            }
        }
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let slice = Self {
            starts: perm.iter().map(|p| self.starts[*p]).collect(),
            steps: perm.iter().map(|p| self.steps[*p]).collect(),
            lens: perm.iter().map(|p| self.lens[*p]).collect(),
        };
        Some(Permuted {
            operator: Box::new(slice),
            transposed: vec![true],
        })
    }

    fn movement(&self, _: usize) -> Option<Movement> {
        Some(Movement::of_first())
    }

    fn parts(&self, axis: usize, _: &[usize], _: &[usize]) -> Option<Parts> {
        let start = self.starts[axis];
        let pairs = (0..self.lens[axis]).map(|i| (start + i, i)).collect();
        (self.steps[axis] == 1).then_some(Parts { axis, pairs })
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let g = cx.of_output()?;
        let shape = cx.shape(cx.input(0)?);
        if self
            .steps
            .iter()
            .zip(&self.lens)
            .any(|(step, len)| *step != 1 && *len > 1)
        {
            return Err(op_error("its gradient is not known for steps other than 1"));
        }
        let ends = (0..shape.len()).map(|axis| shape[axis] - self.starts[axis] - self.lens[axis]);
        let pad = Pad {
            begins: self.starts.clone(),
            ends: ends.collect(),
            mode: PadMode::Constant,
        };
        let zero = cx.number_like(g, 0.0);
        let gradient = cx.add(pad, &[g, zero])?;
        cx.give(0, gradient)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let (axis, frames) = time.first()?;
        let (start, len) = (self.starts[axis], self.lens[axis]);
        let along = |start, len| {
            let mut slice = self.clone();
            (slice.starts[axis], slice.steps[axis], slice.lens[axis]) = (start, 1, len);
            slice
        };
        let each = Framewise::new(along(0, time.frames), axis);
        if (start, len, self.steps[axis]) == (0, frames, 1) {
            return Ok(OverTime::Frames(each));
        }
        if len == 1 {
            let operator = Box::new(along(0, 1));
            return Ok(OverTime::Whole {
                rows: frames - start,
                operator,
            });
        }
        match usize::try_from(self.steps[axis]) {
            Ok(step) if step > 0 => Ok(OverTime::Every { start, step, each }),
            _ => Err("it turns time around".to_owned()),
        }
    }
}
