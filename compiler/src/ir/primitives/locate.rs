use crate::bindings::{HOST_RANK, LocateCall};
use crate::ir::Lowering;
use crate::ir::geometry::{check_rank, joined, tensor_type};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};

/// Places (`i32`) in a tensor from tuples of indices, which count from the end of their axis where negative. A tuple
/// with an index outside its axis has the place `i32::MAX`, where no tensor has an element.
#[derive(Clone, Debug, PartialEq)]
pub struct Locate {
    /// Shape of the places: one per tuple.
    pub dims: Vec<usize>,
    /// What a step along each of these dimensions adds to a place.
    pub strides: Vec<usize>,
    /// Sizes of the axes that the indices of a tuple count along.
    pub axes: Vec<usize>,
    /// What a step along each of these axes adds to a place.
    pub steps: Vec<usize>,
}

impl Operator for Locate {
    fn name(&self) -> &'static str {
        "Locate"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let indices = inputs.ty(0)?;
        if !matches!(indices.dtype, DType::I32 | DType::I64) {
            let message = format!("indices are {}, they must be i32 or i64", indices.dtype);
            return Err(op_error(message));
        }
        let places = tensor_type(DType::I32, self.dims.clone())?;
        let sizes = [self.strides.len(), self.steps.len(), places.len() * self.axes.len()];
        if sizes != [self.dims.len(), self.axes.len(), indices.len()] || !(1..=HOST_RANK).contains(&self.axes.len()) {
            return Err(op_error(format!(
                "{indices} does not hold {} indices for each of {places}",
                self.axes.len()
            )));
        }
        Ok(vec![places])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (dims, [strides]) = joined(&self.dims, [self.strides.clone()]);
        check_rank(&dims)?;
        let call = LocateCall {
            dims,
            strides,
            axes: self.axes.clone(),
            steps: self.steps.clone(),
            index: cx.ty(0).dtype,
        };
        let (indices, y) = (cx.input(0), cx.output(0));
        cx.call(call, &[indices], &[y]);
        Ok(())
    }
}
