use crate::bindings::Typed;
use crate::ir::Lowering;
use crate::ir::fixed_point::Quantization;
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, op_error};
use runtime_core::kernels;

/// Integers to the numbers that they stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct DequantizeLinear {
    /// The integers.
    pub from: Quantization,
}

impl Operator for DequantizeLinear {
    fn name(&self) -> &'static str {
        "DequantizeLinear"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if x.dtype != self.from.dtype {
            return Err(op_error(format!("{x} is not {}", self.from.dtype)));
        }
        self.from.check(x)?;
        Ok(vec![TensorType::new(DType::F32, x.shape.clone())])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let [outer, channels, inner] = self.from.extents(&cx.ty(0).shape);
        let kernel = kernels::DequantizeLinear { outer, channels, inner };
        let dtype = self.from.dtype;
        let [scales, zeros] = self.from.operands(cx);
        let (x, y) = (cx.input(0), cx.output(0));
        cx.call(Typed { kernel, dtype }, &[x, scales, zeros], &[y]);
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let from = self.from.permuted(perm)?;
        Some(Permuted {
            operator: Box::new(Self { from }),
            transposed: vec![true],
        })
    }

    fn is_elementwise(&self) -> bool {
        self.from.scales.len() == 1
    }
}
