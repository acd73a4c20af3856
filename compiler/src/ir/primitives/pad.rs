use super::Slice;
use crate::bindings::{PadCall, PadMode};
use crate::ir::geometry::{check_rank, tensor_type};
use crate::ir::{Framewise, OverTime, Time};
use crate::ir::{Gradient, Lowering};
use crate::ir::{Inputs, Movement, OpError, Operator, Parts, Permuted, Tensor, TensorType, op_error};

/// Surrounds a tensor with elements. Input 1 is the element for [`PadMode::Constant`], absent for other modes.
#[derive(Clone, Debug, PartialEq)]
pub struct Pad {
    /// Elements before each dimension.
    pub begins: Vec<usize>,
    /// Elements after each dimension.
    pub ends: Vec<usize>,
    /// What they are.
    pub mode: PadMode,
}

/// Dimensions of a padded tensor and the elements before each.
struct Dims {
    input: Vec<usize>,
    output: Vec<usize>,
    begins: Vec<isize>,
}

impl Pad {
    /// Joins a dimension that is not padded with the one before it, if that is not padded either or if the elements are
    /// a constant.
    fn joined(&self, input: &[usize], output: &[usize]) -> Dims {
        let mut dims = Dims {
            input: vec![],
            output: vec![],
            begins: vec![],
        };
        let mut padded = false;
        for (axis, (x, y)) in input.iter().zip(output).enumerate() {
            let here = (self.begins[axis], self.ends[axis]) != (0, 0);
            let last = dims.input.len().wrapping_sub(1);
            if axis > 0 && !here && (!padded || self.mode == PadMode::Constant) {
                dims.input[last] *= x;
                dims.output[last] *= y;
                dims.begins[last] *= *x as isize;
            } else {
                dims.input.push(*x);
                dims.output.push(*y);
                dims.begins.push(self.begins[axis] as isize);
                padded = here;
            }
        }
        dims
    }
}

impl Operator for Pad {
    fn name(&self) -> &'static str {
        "Pad"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if [self.begins.len(), self.ends.len()] != [x.rank(); 2] {
            return Err(op_error(format!(
                "{} dimensions are padded, {x} has {}",
                self.begins.len(),
                x.rank()
            )));
        }
        match (self.mode, inputs.get(1)) {
            (PadMode::Constant, None) => return Err(op_error("the element to pad with is missing")),
            (PadMode::Constant, Some(value)) if value.dtype != x.dtype || value.len() != 1 => {
                return Err(op_error(format!(
                    "{x} cannot be padded with {value}, it must be one {}",
                    x.dtype
                )));
            }
            _ => {}
        }
        let mut shape = vec![];
        for ((dim, begin), end) in x.shape.iter().zip(&self.begins).zip(&self.ends) {
            if *dim == 0 && begin + end > 0 && self.mode != PadMode::Constant {
                return Err(op_error(format!("{x} has no elements to pad with")));
            }
            shape.push(dim.saturating_add(*begin).saturating_add(*end));
        }
        Ok(vec![tensor_type(x.dtype, shape)?])
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (ty, ty_y) = (cx.ty(0), cx.output_ty(0));
        let x = cx.input(0);
        if ty == ty_y {
            cx.alias(0, x);
            return Ok(());
        }
        let Dims { input, output, begins } = self.joined(&ty.shape, &ty_y.shape);
        check_rank(&output)?;
        let value = if self.mode == PadMode::Constant {
            cx.input(1)
        } else {
            cx.add_constant("value", Tensor::new(ty.dtype, vec![0], vec![]))
        };
        let y = cx.output(0);
        cx.call(
            PadCall {
                input,
                output,
                begins,
                mode: self.mode,
                size: ty.dtype.size(),
            },
            &[x, value],
            &[y],
        );
        Ok(())
    }

    fn permute(&self, perm: &[usize], inputs: &[Option<&TensorType>]) -> Option<Permuted> {
        let pad = Self {
            begins: perm.iter().map(|p| self.begins[*p]).collect(),
            ends: perm.iter().map(|p| self.ends[*p]).collect(),
            mode: self.mode,
        };
        let transposed = (0..inputs.len()).map(|i| i == 0).collect();
        Some(Permuted {
            operator: Box::new(pad),
            transposed,
        })
    }

    fn movement(&self, _: usize) -> Option<Movement> {
        Some(Movement {
            filler: (self.mode == PadMode::Constant).then_some(1),
            ..Movement::of_first()
        })
    }

    fn parts(&self, axis: usize, x: &[usize], _: &[usize]) -> Option<Parts> {
        (self.begins[axis] == 0 && self.ends[axis] == 0).then(|| Parts::same(axis, x[axis]))
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let g = cx.of_output()?;
        if self.mode != PadMode::Constant {
            return Err(op_error("its gradient is known for constant padding only"));
        }
        if cx.wants(0) {
            let lens = cx.shape(cx.input(0)?);
            let (starts, steps) = (self.begins.clone(), vec![1; lens.len()]);
            let gradient = cx.add(Slice { starts, steps, lens }, &[g])?;
            cx.give(0, gradient)?;
        }
        if cx.wants(1) {
            return Err(op_error("the gradient of the padding is not known"));
        }
        Ok(())
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let (axis, _) = time.first()?;
        let before = self.begins[axis];
        let mut pad = self.clone();
        // What comes after the last frame is not known before there is one.
        (pad.begins[axis], pad.ends[axis]) = (0, 0);
        let each = Framewise::new(pad, axis);
        match self.mode {
            _ if before == 0 => Ok(OverTime::Frames(each)),
            PadMode::Constant => Ok(OverTime::Padded { before, each }),
            _ => Err("it begins with copies of later frames; pad with a constant".to_owned()),
        }
    }
}
