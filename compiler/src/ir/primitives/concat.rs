use super::Slice;
use crate::bindings::Sized;
use crate::ir::geometry::tensor_type;
use crate::ir::{Framewise, OverTime, Time};
use crate::ir::{Gradient, Lowering};
use crate::ir::{Inputs, Movement, OpError, Operator, Permuted, TensorType, op_error};
use runtime_core::kernels::Concat as Kernel;

/// Tensors one after another along a dimension; their other dimensions are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Concat {
    /// The dimension.
    pub axis: usize,
}

impl Operator for Concat {
    fn name(&self) -> &'static str {
        "Concat"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let dtype = inputs.same_dtype()?;
        let first = inputs.ty(0)?;
        let mut shape = first.shape.clone();
        if self.axis >= shape.len() {
            return Err(op_error(format!(
                "axis {} is outside the dimensions of {first}",
                self.axis
            )));
        }
        let others = |ty: &TensorType| [&ty.shape[..self.axis], &ty.shape[self.axis + 1..]].concat();
        for ty in inputs.types().skip(1) {
            if ty.rank() != first.rank() || others(ty) != others(first) {
                return Err(op_error(format!(
                    "{first} and {ty} differ in more than axis {}",
                    self.axis
                )));
            }
            shape[self.axis] = shape[self.axis].saturating_add(ty.shape[self.axis]);
        }
        Ok(vec![tensor_type(dtype, shape)?])
    }

    /// One call an input; none if only one input has elements.
    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.output_ty(0);
        let mut filled: Vec<usize> = (0..cx.input_count()).filter(|i| !cx.ty(*i).is_empty()).collect();
        match filled[..] {
            [only] => {
                let x = cx.input(only);
                cx.alias(0, x);
                return Ok(());
            }
            [] => filled.push(0),
            _ => {}
        }
        let outer = ty.shape[..self.axis].iter().product();
        let run = |ty: &TensorType| ty.shape[self.axis..].iter().product();
        let (inner_y, y) = (run(ty), cx.output(0));
        let mut offset = 0;
        for index in filled {
            let inner_x = run(cx.ty(index));
            let kernel = Kernel {
                outer,
                inner_x,
                inner_y,
                offset,
            };
            let x = cx.input(index);
            let size = ty.dtype.size();
            cx.call_of_operand(index, Sized { kernel, size }, &[x], &[y]);
            offset += inner_x;
        }
        Ok(())
    }

    fn permute(&self, perm: &[usize], inputs: &[Option<&TensorType>]) -> Option<Permuted> {
        let axis = perm.iter().position(|p| *p == self.axis)?;
        Some(Permuted {
            operator: Box::new(Self { axis }),
            transposed: vec![true; inputs.len()],
        })
    }

    fn movement(&self, operands: usize) -> Option<Movement> {
        Some(Movement {
            elements: (0..operands).collect(),
            filler: None,
        })
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let g = cx.of_output()?;
        let whole = cx.shape(g);
        let mut start = 0;
        for index in 0..cx.input_count() {
            let len = cx.ty(cx.input(index)?).shape[self.axis];
            if cx.wants(index) {
                let part = cx.add(Slice::along(&whole, self.axis, start, len), &[g])?;
                cx.give(index, part)?;
            }
            start += len;
        }
        Ok(())
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let mut axes = time.axes.iter().flatten();
        let axis = *axes.next().ok_or("no operand has frames")?;
        if axes.any(|other| *other != axis) {
            return Err("time is another axis of one operand than of another".to_owned());
        }
        if axis == self.axis {
            return Err("it joins tensors one after another in time".to_owned());
        }
        let others = time.axes.iter().enumerate().filter(|(_, axis)| axis.is_none());
        let held = others.map(|(index, _)| (index, axis)).collect();
        let operator = Box::new(self.clone());
        Ok(OverTime::Frames(Framewise { operator, axis, held }))
    }
}
