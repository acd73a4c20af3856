use super::ReduceOp;
use crate::bindings::TreeEnsembleCall;
use crate::ir::Lowering;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};

/// What the rows of input 0 lead to in decision trees. Inputs 1 to 3 are the tables of the kernel of the same name.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeEnsemble {
    /// Results of a row.
    pub targets: usize,
    /// How the values of a target are combined: [`ReduceOp::Sum`], [`ReduceOp::Min`] or [`ReduceOp::Max`].
    pub op: ReduceOp,
}

impl Operator for TreeEnsemble {
    fn name(&self) -> &'static str {
        "TreeEnsemble"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, roots, nodes, values) = (inputs.ty(0)?, inputs.ty(1)?, inputs.ty(2)?, inputs.ty(3)?);
        let [rows, _] = x.shape[..] else {
            return Err(op_error(format!("{x} is not rows of features")));
        };
        let types = [roots.dtype, nodes.dtype, values.dtype];
        if !matches!(x.dtype, DType::F32 | DType::F64) || types != [DType::I32, DType::I32, x.dtype] {
            return Err(op_error(format!("features are {x}, the nodes' values {values}")));
        }
        Ok(vec![tensor_type(x.dtype, vec![rows, self.targets])?])
    }

    /// As if every path were as long as its tree.
    fn work(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let nodes = inputs[3].map_or(0, |values| values.len() as u64);
        nodes.saturating_mul(outputs[0].shape[0] as u64)
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let call = TreeEnsembleCall {
            features: ty.shape[1],
            targets: self.targets,
            op: self.op,
            dtype: ty.dtype,
        };
        let operands = [cx.input(0), cx.input(1), cx.input(2), cx.input(3)];
        let y = cx.output(0);
        cx.call(call, &operands, &[y]);
        Ok(())
    }
}
