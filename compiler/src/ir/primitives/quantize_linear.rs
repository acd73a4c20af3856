use crate::bindings::Typed;
use crate::ir::Lowering;
use crate::ir::fixed_point::Quantization;
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, op_error};
use runtime_core::kernels;

/// Numbers to the integers that stand for them, rounded half to even and limited to the range of the type.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizeLinear {
    /// The integers.
    pub to: Quantization,
}

impl Operator for QuantizeLinear {
    fn name(&self) -> &'static str {
        "QuantizeLinear"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if x.dtype != DType::F32 {
            return Err(op_error(format!("{x} is not {}", DType::F32)));
        }
        self.to.check(x)?;
        Ok(vec![TensorType::new(self.to.dtype, x.shape.clone())])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let [outer, channels, inner] = self.to.extents(&cx.ty(0).shape);
        let kernel = kernels::QuantizeLinear { outer, channels, inner };
        let dtype = self.to.dtype;
        let [scales, zeros] = self.to.operands(cx);
        let (x, y) = (cx.input(0), cx.output(0));
        cx.call(Typed { kernel, dtype }, &[x, scales, zeros], &[y]);
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let to = self.to.permuted(perm)?;
        Some(Permuted {
            operator: Box::new(Self { to }),
            transposed: vec![true],
        })
    }

    fn is_elementwise(&self) -> bool {
        self.to.scales.len() == 1
    }
}
