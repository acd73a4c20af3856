use crate::bindings::StridedCall;
use crate::ir::Lowering;
use crate::ir::geometry::{check_rank, row_major_strides, tensor_type};
use crate::ir::{Inputs, Movement, OpError, Operator, Permuted, TensorType, op_error};
use crate::ir::{OverTime, Time};

/// Repeats the whole tensor along each dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// How often, for each dimension.
    pub repeats: Vec<usize>,
}

impl Operator for Tile {
    fn name(&self) -> &'static str {
        "Tile"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if self.repeats.len() != x.rank() {
            return Err(op_error(format!("{} repeats are given for {x}", self.repeats.len())));
        }
        let dims = x
            .shape
            .iter()
            .zip(&self.repeats)
            .map(|(dim, repeat)| dim.checked_mul(*repeat));
        let shape = dims.collect::<Option<Vec<_>>>();
        let shape = shape.ok_or_else(|| op_error(format!("{x} repeated {:?} times is too large", self.repeats)))?;
        Ok(vec![tensor_type(x.dtype, shape)?])
    }

    /// A strided copy with one more dimension, of stride 0, before each that is repeated.
    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let x = cx.input(0);
        if self.repeats.iter().all(|repeat| *repeat == 1) {
            cx.alias(0, x);
            return Ok(());
        }
        let (mut dims, mut strides) = (vec![], vec![]);
        for ((dim, repeat), stride) in ty.shape.iter().zip(&self.repeats).zip(row_major_strides(&ty.shape)) {
            dims.extend([*repeat, *dim]);
            strides.extend([0, stride as isize]);
        }
        let strided = StridedCall {
            dims,
            strides,
            offset: 0,
            size: ty.dtype.size(),
        }
        .simplified();
        check_rank(&strided.dims)?;
        let y = cx.output(0);
        cx.call(strided, &[x], &[y]);
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let tile = Self {
            repeats: perm.iter().map(|p| self.repeats[*p]).collect(),
        };
        Some(Permuted {
            operator: Box::new(tile),
            transposed: vec![true],
        })
    }

    fn movement(&self, _: usize) -> Option<Movement> {
        Some(Movement::of_first())
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let (axis, _) = time.first()?;
        match self.repeats[axis] {
            1 => OverTime::frames(self.clone(), axis),
            _ => Err("it repeats frames along time".to_owned()),
        }
    }
}
