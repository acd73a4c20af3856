use crate::bindings::StridedCall;
use crate::ir::geometry::{check_rank, moved, row_major_strides};
use crate::ir::{Gradient, Lowering};
use crate::ir::{Inputs, Movement, OpError, Operator, Parts, TensorType, op_error};
use crate::ir::{OverTime, Time};

/// Dimensions in another order: dimension `i` of the output is dimension `perm[i]` of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Transpose {
    /// The order.
    pub perm: Vec<usize>,
}

impl Transpose {
    /// The order that undoes this one.
    pub fn inverse(&self) -> Vec<usize> {
        let mut inverse = vec![0; self.perm.len()];
        for (i, p) in self.perm.iter().enumerate() {
            inverse[*p] = i;
        }
        inverse
    }

    /// Whether elements of a tensor of `shape` keep their order, so that it is a view.
    pub fn is_view(&self, shape: &[usize]) -> bool {
        let moved: Vec<usize> = self.perm.iter().copied().filter(|p| shape[*p] != 1).collect();
        moved.is_sorted()
    }
}

impl Operator for Transpose {
    fn name(&self) -> &'static str {
        "Transpose"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        let mut sorted = self.perm.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..x.rank()) {
            return Err(op_error(format!(
                "{:?} is not an order of the dimensions of {x}",
                self.perm
            )));
        }
        Ok(vec![
            x.with_shape(self.perm.iter().map(|p| x.shape[*p]).collect::<Vec<_>>()),
        ])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let x = cx.input(0);
        if self.is_view(&ty.shape) {
            cx.alias(0, x);
            return Ok(());
        }
        let strides = row_major_strides(&ty.shape);
        let strided = StridedCall {
            dims: cx.output_ty(0).shape.clone(),
            strides: self.perm.iter().map(|p| strides[*p] as isize).collect(),
            offset: 0,
            size: ty.dtype.size(),
        }
        .simplified();
        check_rank(&strided.dims)?;
        let y = cx.output(0);
        cx.call(strided, &[x], &[y]);
        Ok(())
    }

    fn movement(&self, _: usize) -> Option<Movement> {
        Some(Movement::of_first())
    }

    fn parts(&self, axis: usize, x: &[usize], _: &[usize]) -> Option<Parts> {
        Some(Parts::same(moved(axis, &self.perm)?, x[axis]))
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let g = cx.of_output()?;
        let gradient = cx.transposed(g, self.inverse())?;
        cx.give(0, gradient)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let (axis, _) = time.first()?;
        let to = moved(axis, &self.perm).ok_or("it has no axis of time")?;
        OverTime::frames(self.clone(), to)
    }
}
