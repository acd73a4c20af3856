use crate::bindings::StridedCall;
use crate::ir::geometry::{broadcast, broadcast_strides, check_rank, tensor_type};
use crate::ir::{Gradient, Lowering};
use crate::ir::{Inputs, Movement, OpError, Operator, Permuted, TensorType, op_error};
use crate::ir::{OverTime, Time};

/// Repeats elements along dimensions of one, and along new ones before the first, to fill a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Expand {
    /// The new shape.
    pub shape: Vec<usize>,
}

impl Operator for Expand {
    fn name(&self) -> &'static str {
        "Expand"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if broadcast(&x.shape, &self.shape)? != self.shape {
            return Err(op_error(format!("{x} does not expand to {:?}", self.shape)));
        }
        Ok(vec![tensor_type(x.dtype, self.shape.clone())?])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let x = cx.input(0);
        if ty.len() == cx.output_ty(0).len() {
            cx.alias(0, x);
            return Ok(());
        }
        let strides = broadcast_strides(&ty.shape, &self.shape)
            .into_iter()
            .map(|s| s as isize)
            .collect();
        let strided = StridedCall {
            dims: self.shape.clone(),
            strides,
            offset: 0,
            size: ty.dtype.size(),
        }
        .simplified();
        check_rank(&strided.dims)?;
        let y = cx.output(0);
        cx.call(strided, &[x], &[y]);
        Ok(())
    }

    /// Only where no dimensions are added.
    fn permute(&self, perm: &[usize], inputs: &[Option<&TensorType>]) -> Option<Permuted> {
        inputs[0].filter(|x| x.rank() == perm.len() && self.shape.len() == perm.len())?;
        let expand = Self {
            shape: perm.iter().map(|p| self.shape[*p]).collect(),
        };
        Some(Permuted {
            operator: Box::new(expand),
            transposed: vec![true],
        })
    }

    fn movement(&self, _: usize) -> Option<Movement> {
        Some(Movement::of_first())
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let g = cx.of_output()?;
        let shape = cx.shape(cx.input(0)?);
        let gradient = cx.summed_to(g, &shape)?;
        cx.give(0, gradient)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let (axis, frames) = time.first()?;
        let axis = axis + self.shape.len() - time.shape(0)?.len();
        if self.shape[axis] != frames {
            return Err("it repeats frames along time".to_owned());
        }
        let mut shape = self.shape.clone();
        shape[axis] = time.frames;
        OverTime::frames(Self { shape }, axis)
    }
}
