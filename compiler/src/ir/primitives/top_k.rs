use crate::bindings::Typed;
use crate::ir::Lowering;
use crate::ir::geometry::around;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels;

/// The greatest or least elements along an axis, in order, and their places (`i64`). NaN is greater than all numbers;
/// of equal elements the first comes first.
#[derive(Clone, Debug, PartialEq)]
pub struct TopK {
    /// The axis.
    pub axis: usize,
    /// How many elements are sought.
    pub k: usize,
    /// Whether the greatest are sought, or the least.
    pub largest: bool,
}

impl Operator for TopK {
    fn name(&self) -> &'static str {
        "TopK"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        let mut shape = x.shape.clone();
        let size = &mut shape[x.axis(self.axis as i64)?];
        if self.k > *size {
            return Err(op_error(format!(
                "axis {} of {x} has no {} elements",
                self.axis, self.k
            )));
        }
        *size = self.k;
        if x.dtype == DType::Bool {
            return Err(op_error("booleans have no order"));
        }
        Ok(vec![x.with_shape(shape.clone()), TensorType::new(DType::I64, shape)])
    }

    fn work(&self, inputs: &[Option<&TensorType>], _: &[&TensorType]) -> u64 {
        let steps = u64::from(self.k.max(1).ilog2()) + 1;
        inputs[0].map_or(0, |x| x.len() as u64 * steps)
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let (outer, inner) = around(&ty.shape, self.axis);
        let kernel = kernels::TopK {
            outer,
            axis: ty.shape[self.axis],
            inner,
            k: self.k,
            largest: self.largest,
        };
        let call = Typed {
            kernel,
            dtype: ty.dtype,
        };
        let (x, y, places) = (cx.input(0), cx.output(0), cx.output(1));
        cx.call(call, &[x], &[y, places]);
        Ok(())
    }
}
