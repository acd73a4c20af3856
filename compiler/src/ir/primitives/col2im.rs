use crate::bindings::Col2ImCall;
use crate::ir::Lowering;
use crate::ir::geometry::{Window, tensor_type};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};

/// Images `[batch, channels, ..]` from windows `[batch, channels * taps, windows]`: elements of windows that lie in one
/// place are added up.
#[derive(Clone, Debug, PartialEq)]
pub struct Col2Im {
    /// Geometry.
    pub window: Window,
    /// Spatial extents of the images.
    pub image: Vec<usize>,
}

impl Col2Im {
    /// Windows along each axis.
    fn windows(&self) -> Result<Vec<usize>, OpError> {
        let image = self.image.iter().enumerate();
        image
            .map(|(axis, size)| self.window.output(axis, *size, false))
            .collect()
    }

    fn product(list: &[usize]) -> Option<usize> {
        list.iter().try_fold(1usize, |product, n| product.checked_mul(*n))
    }
}

impl Operator for Col2Im {
    fn name(&self) -> &'static str {
        "Col2Im"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        self.window.check()?;
        let x = inputs.ty(0)?;
        if !matches!(x.dtype, DType::F32 | DType::F64 | DType::I64) {
            return Err(op_error(format!("element type {} is not supported", x.dtype)));
        }
        if self.image.len() != self.window.rank() {
            return Err(op_error(format!(
                "image_shape {:?} and block_shape {:?} are of different lengths",
                self.image, self.window.kernel
            )));
        }
        let windows = self.windows()?;
        let taps = Self::product(&self.window.kernel).filter(|taps| *taps > 0);
        match (x.shape.as_slice(), taps) {
            ([batch, rows, columns], Some(taps))
                if rows.is_multiple_of(taps) && Self::product(&windows) == Some(*columns) =>
            {
                let shape = [&[*batch, rows / taps], self.image.as_slice()].concat();
                Ok(vec![tensor_type(x.dtype, shape)?])
            }
            _ => Err(op_error(format!(
                "the input {x} must have a batch, a multiple of {:?} rows and one column for each of {windows:?} blocks",
                self.window.kernel
            ))),
        }
    }

    fn work(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        (inputs[0].map_or(0, TensorType::len) + outputs[0].len()) as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let call = Col2ImCall {
            planes: cx.output_ty(0).shape[..2].iter().product(),
            windows: self.window.between(&self.windows()?, &self.image),
            dtype: cx.ty(0).dtype,
        };
        let (x, y) = (cx.input(0), cx.output(0));
        cx.call(call, &[x], &[y]);
        Ok(())
    }
}
