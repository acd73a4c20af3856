use super::{Reshape, Select};
use crate::bindings::{BinaryCall, BinaryOp};
use crate::ir::geometry::{broadcast, broadcast_strides, check_rank, joined};
use crate::ir::{CallOptions, Gradient, Lowering};
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, ValueId, op_error};
use runtime_core::function::{AnyFunction, Identity, Log, Neg};

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

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (g, y) = (cx.of_output()?, cx.output(0));
        let operands = [cx.input(0)?, cx.input(1)?];
        for index in [0, 1] {
            if cx.wants(index) {
                let whole = self.slope(cx, index, operands, y, g)?;
                let shape = cx.shape(operands[index]);
                let summed = cx.summed_to(whole, &shape)?;
                cx.give(index, summed)?;
            }
        }
        Ok(())
    }
}

impl Binary {
    /// The shape of rank `rank` that broadcasts as `shape` does.
    pub fn aligned(shape: &[usize], rank: usize) -> Reshape {
        let mut aligned = vec![1; rank.saturating_sub(shape.len())];
        aligned.extend(shape);
        Reshape { shape: aligned }
    }

    /// The gradient of operand `index`, from that of the result, before it is summed over repetitions.
    fn slope(
        &self,
        cx: &mut Gradient<'_>,
        index: usize,
        operands: [ValueId; 2],
        y: ValueId,
        g: ValueId,
    ) -> Result<ValueId, OpError> {
        let [a, b] = operands;
        let other = operands[1 - index];
        match (self.op, index) {
            (BinaryOp::Add, _) | (BinaryOp::Sub, 0) => Ok(g),
            (BinaryOp::Sub, _) => cx.map(Neg, g),
            (BinaryOp::Mul, _) => cx.product(g, other),
            (BinaryOp::Div, 0) => cx.binary(BinaryOp::Div, g, b),
            (BinaryOp::Div, _) => {
                let quotient = cx.binary(BinaryOp::Div, y, b)?;
                let slope = cx.map(Neg, quotient)?;
                cx.product(g, slope)
            }
            // Of equal operands it is the first that is taken.
            (BinaryOp::Max | BinaryOp::Min, _) => {
                let is_second = match self.op {
                    BinaryOp::Max => BinaryOp::Less,
                    _ => BinaryOp::Greater,
                };
                let second = cx.binary(is_second, a, b)?;
                let zero = cx.number_like(g, 0.0);
                let choice = if index == 0 {
                    [second, zero, g]
                } else {
                    [second, g, zero]
                };
                cx.add(Select, &choice)
            }
            // b * a^(b - 1)
            (BinaryOp::Pow, 0) => {
                let less = cx.with_number(BinaryOp::Sub, b, 1.0)?;
                let power = cx.binary(BinaryOp::Pow, a, less)?;
                let slope = cx.product(b, power)?;
                cx.product(g, slope)
            }
            // y * ln(a)
            (BinaryOp::Pow, _) => {
                let logarithm = cx.map(Log, a)?;
                let slope = cx.product(y, logarithm)?;
                cx.product(g, slope)
            }
            (BinaryOp::PRelu, _) => {
                let negative = cx.with_number(BinaryOp::Less, a, 0.0)?;
                let scaled = cx.product(g, other)?;
                let otherwise = if index == 0 { g } else { cx.number_like(g, 0.0) };
                cx.add(Select, &[negative, scaled, otherwise])
            }
            _ => Err(op_error("its gradient is not known")),
        }
    }
}
