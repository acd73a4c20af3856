use crate::bindings::Typed;
use crate::ir::Lowering;
use crate::ir::geometry::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels;

/// Sums of what the rows of input 0 lead to in decision trees that compare by `<=` only. Inputs 1 to 4 are the tables
/// of the kernel of the same name.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    /// Results of a row.
    pub targets: usize,
    /// Values of a leaf, for as many neighbouring targets.
    pub width: usize,
}

impl Operator for Forest {
    fn name(&self) -> &'static str {
        "Forest"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, splits, leaves) = (inputs.ty(0)?, inputs.ty(3)?, inputs.ty(4)?);
        let [rows, _] = x.shape[..] else {
            return Err(op_error(format!("{x} is not rows of features")));
        };
        let tables = [inputs.ty(1)?.dtype, inputs.ty(2)?.dtype, splits.dtype, leaves.dtype];
        if !matches!(x.dtype, DType::F32 | DType::F64) || tables != [DType::I32, DType::U16, x.dtype, x.dtype] {
            return Err(op_error(format!(
                "features are {x}, what they are compared with is {splits}"
            )));
        }
        Ok(vec![tensor_type(x.dtype, vec![rows, self.targets])?])
    }

    /// As if every path were as long as its tree.
    fn work(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let len = |i: usize| inputs[i].map_or(0, |ty| ty.len() as u64);
        len(1).saturating_add(len(3)).saturating_mul(outputs[0].shape[0] as u64)
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let kernel = kernels::Forest {
            features: ty.shape[1],
            targets: self.targets,
            width: self.width,
        };
        let call = Typed {
            kernel,
            dtype: ty.dtype,
        };
        let tables = [(1, "trees"), (2, "nodes"), (3, "splits"), (4, "leaves")];
        let [trees, nodes, splits, leaves] = tables.map(|(index, role)| cx.input_as(index, role));
        let (x, y) = (cx.input(0), cx.output(0));
        cx.call(call, &[x, trees, nodes, splits, leaves], &[y]);
        Ok(())
    }
}
