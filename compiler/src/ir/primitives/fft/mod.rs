mod tables;

use crate::bindings::Typed;
use crate::ir::Lowering;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, Tensor, TensorType, op_error};
use runtime_core::kernels::{Fft as Kernel, MAX_FACTORS};
use tables::{factors, tables};

/// The longest transform.
const MAX_LENGTH: usize = 1 << 22;

/// The discrete Fourier transform along one axis, in `f32` or `f64`; the last dimension holds the parts of an element,
/// one real or two.
#[derive(Clone, Debug, PartialEq)]
pub struct Fft {
    /// The axis, not the last one.
    pub axis: usize,
    /// Elements of a transform: the input is cut or filled up with zeros.
    pub length: usize,
    /// Whether frequencies become a signal.
    pub inverse: bool,
    /// Whether signals are real, and spectra only the half that the other one mirrors.
    pub onesided: bool,
}

impl Fft {
    /// Elements of the output along the axis, and parts of each.
    fn output(&self) -> (usize, usize) {
        match (self.onesided, self.inverse) {
            (true, false) => (self.length / 2 + 1, 2),
            (true, true) => (self.length, 1),
            (false, _) => (self.length, 2),
        }
    }
}

impl Operator for Fft {
    fn name(&self) -> &'static str {
        "DFT"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if !matches!(x.dtype, DType::F32 | DType::F64) {
            return Err(
                op_error(format!("element type {} is not supported", x.dtype)).help("supported: float32, float64")
            );
        }
        let parts = x.shape.last().copied().filter(|_| self.axis + 1 < x.rank());
        let wanted = match (self.onesided, self.inverse) {
            (true, false) => 1..=1,
            (true, true) => 2..=2,
            (false, _) => 1..=2,
        };
        if !parts.is_some_and(|parts| wanted.contains(&parts)) {
            return Err(op_error(format!(
                "the last dimension of {x} must be of {wanted:?} parts"
            )));
        }
        if !(1..=MAX_LENGTH).contains(&self.length) {
            return Err(op_error(format!("a transform of {} elements", self.length))
                .help(format!("supported: 1 to {MAX_LENGTH} elements")));
        }
        let mut shape = x.shape.clone();
        let last = shape.len() - 1;
        (shape[self.axis], shape[last]) = self.output();
        Ok(vec![tensor_type(x.dtype, shape)?])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], _: &[&TensorType]) -> u64 {
        let Some(x) = inputs[0] else { return 0 };
        let transforms: usize = (0..x.rank() - 1)
            .filter(|i| *i != self.axis)
            .map(|i| x.shape[i])
            .product();
        let step: usize = factors(self.length.max(1)).into_iter().sum();
        transforms as u64 * self.length as u64 * step as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let last = ty.rank() - 1;
        let (bins, y_parts) = self.output();
        let parts = ty.shape[last];
        let packed = parts == 1 && self.length.is_multiple_of(2);
        let mut kernel = Kernel {
            outer: ty.shape[..self.axis].iter().product(),
            axis: ty.shape[self.axis],
            inner: ty.shape[self.axis + 1..last].iter().product(),
            parts,
            half: self.onesided && self.inverse,
            length: self.length,
            packed,
            bins,
            y_parts,
            inverse: self.inverse,
            factors: [1; MAX_FACTORS],
        };
        let found = factors(kernel.size());
        kernel.factors[..found.len()].copy_from_slice(&found);
        let tables = tables(&kernel, &found);
        let tables = match ty.dtype {
            DType::F64 => Tensor::f64(&[tables.len()], &tables),
            _ => Tensor::f32(&[tables.len()], &tables.iter().map(|v| *v as f32).collect::<Vec<_>>()),
        };
        let tables = cx.add_constant("turns", tables);
        let (x, y) = (cx.input(0), cx.output(0));
        let scratch = cx.temporary("transform", ty.dtype, 4 * kernel.size());
        let dtype = ty.dtype;
        cx.call(Typed { kernel, dtype }, &[x, tables], &[y, scratch]);
        Ok(())
    }
}
