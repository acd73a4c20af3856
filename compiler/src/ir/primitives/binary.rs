use super::Reshape;
use crate::bindings::{BinaryCall, BinaryOp};
use crate::ir::geometry::{broadcast, broadcast_strides, check_rank, joined};
use crate::ir::{CallOptions, Lowering};
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, op_error};
use runtime_core::function::{AnyFunction, Identity};

/// One function of each pair of elements, with broadcasting, and an activation of the result where that is `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// The function.
    pub op: BinaryOp,
    /// Applied to the result.
    pub activation: AnyFunction,
}

impl From<BinaryOp> for Binary {
    /// The operator without activation.
    fn from(op: BinaryOp) -> Self {
        Self {
            op,
            activation: Identity.into(),
        }
    }
}

fn accepts(op: BinaryOp, dtype: DType) -> bool {
    match op {
        BinaryOp::Equal => true,
        BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => !dtype.is_float(),
        BinaryOp::ShiftLeft | BinaryOp::ShiftRight => dtype.is_integer(),
        _ => dtype != DType::Bool,
    }
}

/// Extents of the output of a function of two operands, neighbours joined where both walk alike, and the distances
/// between elements of the operands.
pub(super) fn walk(cx: &Lowering<'_>) -> Result<(Vec<usize>, [Vec<usize>; 2]), OpError> {
    let shape = &cx.output_ty(0).shape;
    let strides = [0, 1].map(|operand| broadcast_strides(&cx.ty(operand).shape, shape));
    let (dims, strides) = joined(shape, strides);
    check_rank(&dims)?;
    Ok((dims, strides))
}

/// Which operands are transposed along with the result. Only where they have its rank: others are reshaped first by the
/// pass.
pub(super) fn same_places(perm: &[usize], inputs: &[Option<&TensorType>]) -> Option<Vec<bool>> {
    let same_rank = |ty: &Option<&TensorType>| ty.is_some_and(|ty| ty.rank() == perm.len());
    let transposed = inputs.iter().map(|ty| ty.is_some_and(|ty| ty.len() != 1)).collect();
    let fits = inputs
        .iter()
        .all(|ty| same_rank(ty) || ty.is_some_and(|ty| ty.len() == 1 && ty.rank() <= perm.len()));
    fits.then_some(transposed)
}

impl Operator for Binary {
    fn name(&self) -> &'static str {
        self.op.kernel_name()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let dtype = inputs.same_dtype()?;
        if !accepts(self.op, dtype) {
            return Err(op_error(format!(
                "element type {dtype} is not supported by {}",
                self.name()
            )));
        }
        let shape = broadcast(&inputs.ty(0)?.shape, &inputs.ty(1)?.shape)?;
        Ok(vec![TensorType::new(
            if self.op.is_predicate() { DType::Bool } else { dtype },
            shape,
        )])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (dims, [a_strides, b_strides]) = walk(cx)?;
        let len = cx.output_ty(0).len();
        let dtype = cx.ty(0).dtype;
        let overwrites = (dtype == DType::F32 && !self.op.is_predicate()).then_some(());
        let in_place = overwrites.and_then(|()| [cx.ty(0), cx.ty(1)].iter().position(|ty| ty.len() == len));
        let call = BinaryCall {
            op: self.op,
            activation: self.activation,
            dims,
            a_strides,
            b_strides,
            dtype,
            reversed: in_place == Some(1),
        };
        let (a, b, y) = (cx.input(0), cx.input(1), cx.output(0));
        cx.call_with(call, &[a, b], &[y], CallOptions { in_place });
        Ok(())
    }

    fn permute(&self, perm: &[usize], inputs: &[Option<&TensorType>]) -> Option<Permuted> {
        Some(Permuted {
            operator: Box::new(self.clone()),
            transposed: same_places(perm, inputs)?,
        })
    }

    fn is_elementwise(&self) -> bool {
        true
    }
}

impl Binary {
    /// The shape of rank `rank` that broadcasts as `shape` does.
    pub fn aligned(shape: &[usize], rank: usize) -> Reshape {
        let mut aligned = vec![1; rank.saturating_sub(shape.len())];
        aligned.extend(shape);
        Reshape { shape: aligned }
    }
}
