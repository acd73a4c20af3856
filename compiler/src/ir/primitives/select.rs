use crate::bindings::SelectCall;
use crate::ir::geometry::{broadcast, broadcast_strides, check_rank, joined, tensor_type};
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, op_error};
use crate::ir::{Gradient, Lowering};

/// Elements of input 1 where input 0 is true, of input 2 elsewhere, with broadcasting.
#[derive(Clone, Debug, PartialEq)]
pub struct Select;

impl Operator for Select {
    fn name(&self) -> &'static str {
        "Select"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (condition, a, b) = (inputs.ty(0)?, inputs.ty(1)?, inputs.ty(2)?);
        if condition.dtype != DType::Bool {
            return Err(op_error(format!(
                "the condition is {condition}, it must be of type bool"
            )));
        }
        if a.dtype != b.dtype {
            return Err(op_error(format!(
                "operands mix element types {} and {}",
                a.dtype, b.dtype
            )));
        }
        let shape = broadcast(&condition.shape, &broadcast(&a.shape, &b.shape)?)?;
        Ok(vec![tensor_type(a.dtype, shape)?])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.output_ty(0);
        let strides = [0, 1, 2].map(|i| broadcast_strides(&cx.ty(i).shape, &ty.shape));
        let (dims, [condition_strides, a_strides, b_strides]) = joined(&ty.shape, strides);
        check_rank(&dims)?;
        let call = SelectCall {
            dims,
            condition_strides,
            a_strides,
            b_strides,
            size: ty.dtype.size(),
        };
        let (condition, a, b, y) = (cx.input(0), cx.input(1), cx.input(2), cx.output(0));
        cx.call(call, &[condition, a, b], &[y]);
        Ok(())
    }

    /// As for [`Binary`](super::Binary): only where operands have the output's rank or one element.
    fn permute(&self, perm: &[usize], inputs: &[Option<&TensorType>]) -> Option<Permuted> {
        let fits = |ty: &Option<&TensorType>| {
            ty.is_some_and(|ty| ty.rank() == perm.len() || ty.len() == 1 && ty.rank() <= perm.len())
        };
        let transposed = inputs.iter().map(|ty| ty.is_some_and(|ty| ty.len() != 1)).collect();
        inputs.iter().all(fits).then(|| Permuted {
            operator: Box::new(Self),
            transposed,
        })
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (condition, g) = (cx.input(0)?, cx.of_output()?);
        let zero = cx.number_like(g, 0.0);
        for (index, choice) in [(1, [condition, g, zero]), (2, [condition, zero, g])] {
            if cx.wants(index) {
                let whole = cx.add(Self, &choice)?;
                let shape = cx.shape(cx.input(index)?);
                let gradient = cx.summed_to(whole, &shape)?;
                cx.give(index, gradient)?;
            }
        }
        Ok(())
    }
}
