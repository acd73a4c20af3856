use crate::bindings::ArgReduceCall;
use crate::ir::Lowering;
use crate::ir::geometry::{around, moved};
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::kernels;

/// The place (`i64`) of the greatest or least element along an axis, which stays with an extent of one.
#[derive(Clone, Debug, PartialEq)]
pub struct ArgReduce {
    /// The axis.
    pub axis: usize,
    /// Whether the greatest element is sought, or the least.
    pub greatest: bool,
    /// Which of equal elements counts: the last, or the first.
    pub last: bool,
}

impl Operator for ArgReduce {
    fn name(&self) -> &'static str {
        if self.greatest { "ArgMax" } else { "ArgMin" }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if x.dtype == DType::Bool {
            return Err(op_error("booleans have no greatest element"));
        }
        let mut shape = x.shape.clone();
        if shape[x.axis(self.axis as i64)?] == 0 {
            return Err(op_error(format!(
                "axis {} of {x} has no elements to choose from",
                self.axis
            )));
        }
        shape[self.axis] = 1;
        Ok(vec![TensorType::new(DType::I64, shape)])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let (outer, inner) = around(&ty.shape, self.axis);
        let search = kernels::ArgReduce {
            outer,
            axis: ty.shape[self.axis],
            inner,
            last: self.last,
        };
        let (x, y) = (cx.input(0), cx.output(0));
        cx.call(
            ArgReduceCall {
                search,
                greatest: self.greatest,
                dtype: ty.dtype,
            },
            &[x],
            &[y],
        );
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let operator = Self {
            axis: moved(self.axis, perm)?,
            ..self.clone()
        };
        Some(Permuted {
            operator: Box::new(operator),
            transposed: vec![true],
        })
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let (axis, _) = time.first()?;
        match self.axis == axis {
            true => OverTime::whole(self, time),
            false => OverTime::frames(self.clone(), axis),
        }
    }
}
