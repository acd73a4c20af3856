use crate::bindings::MapCall;
use crate::ir::gradient::of_function;
use crate::ir::{CallOptions, Gradient, Lowering};
use crate::ir::{DType, Inputs, OpError, Operator, Permuted, TensorType, op_error};
use runtime_core::function::AnyFunction;

/// One function of each element of a float tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// The function.
    pub function: AnyFunction,
}

impl Operator for Map {
    fn name(&self) -> &'static str {
        "Map"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if !x.dtype.is_float() {
            return Err(op_error(format!("the element type is {}, it must be a float", x.dtype)));
        }
        Ok(vec![x.clone()])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let dtype = cx.ty(0).dtype;
        let (x, y) = (cx.input(0), cx.output(0));
        let options = CallOptions {
            in_place: (dtype == DType::F32).then_some(0),
        };
        cx.call_with(
            MapCall {
                function: self.function,
                dtype,
            },
            &[x],
            &[y],
            options,
        );
        Ok(())
    }

    fn permute(&self, _: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        Some(Permuted {
            operator: Box::new(self.clone()),
            transposed: vec![true],
        })
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let operands = [cx.input(0)?, cx.output(0), cx.of_output()?];
        match of_function(cx, self.function, operands)? {
            Some(gradient) => cx.give(0, gradient),
            None => Ok(()),
        }
    }
}
