use super::ReduceOp;
use super::reduce::{lines, permuted, reduced};
use crate::bindings::Between;
use crate::ir::Lowering;
use crate::ir::fixed_point::{Quantization, Rounding, Uniform, expect, multiplier, room};
use crate::ir::{DType, Inputs, OpError, Operator, Parts, Permuted, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::kernels::QlinearReduceSum;

/// Adds up or averages the elements of a quantised tensor along some axes, which stay with an extent of one; rounded
/// once, half to even, and limited.
#[derive(Clone, Debug, PartialEq)]
pub struct QlinearReduce {
    op: ReduceOp,
    axes: Vec<usize>,
    count: usize,
    from: DType,
    x_zero: i32,
    multiplier: i32,
    rounding: Rounding,
}

/// Elements whose sum fits into 32 bits.
const MOST_ELEMENTS: usize = 1 << 23;

impl QlinearReduce {
    /// `op` of a tensor of `shape` along `axes`, ascending, from the quantisation `x` to `y`, within the least and
    /// greatest integer of a fused `Relu` or `Clip`. `None` for other functions than `Sum` and `Mean`, the mean of
    /// nothing, sums of millions of elements, quantisations with several scales or of other types than `i8` and `i16`,
    /// or if the output's scale is a billion times finer.
    pub fn new(
        op: ReduceOp,
        axes: &[usize],
        shape: &[usize],
        x: &Quantization,
        y: &Quantization,
        limits: Option<(i32, i32)>,
    ) -> Option<Self> {
        let (x, y) = (Uniform::of(x)?, Uniform::of(y)?);
        let count = count(axes, shape).filter(|count| *count <= MOST_ELEMENTS)?;
        let factor = match op {
            ReduceOp::Sum => x.scale / y.scale,
            ReduceOp::Mean => x.scale / y.scale / count as f64,
            _ => return None,
        };
        let (multiplier, shift) = multiplier(factor, room(x.reach() * count as u64)?)?;
        Some(Self {
            op,
            axes: axes.to_vec(),
            count,
            from: x.dtype,
            x_zero: x.zero,
            multiplier,
            rounding: Rounding::new(y, shift, limits)?,
        })
    }
}

/// Elements that become one.
fn count(axes: &[usize], shape: &[usize]) -> Option<usize> {
    axes.iter().try_fold(1, |count, axis| Some(count * shape.get(*axis)?))
}

impl Operator for QlinearReduce {
    fn name(&self) -> &'static str {
        match self.op {
            ReduceOp::Mean => "QlinearReduceMean",
            _ => "QlinearReduceSum",
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = expect(inputs, 0, self.from)?;
        if count(&self.axes, &x.shape) != Some(self.count) {
            return Err(op_error(format!(
                "axes {:?} of {x} do not hold the {} elements that the multiplier is for",
                self.axes, self.count
            )));
        }
        Ok(vec![TensorType::new(
            self.rounding.dtype,
            reduced(&self.axes, &x.shape),
        )])
    }

    fn work(&self, inputs: &[Option<&TensorType>], _: &[&TensorType]) -> u64 {
        inputs[0].map_or(0, TensorType::len) as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (x, [outer, axis, inner]) = lines(cx, &self.axes)?;
        let Rounding {
            dtype: to,
            shift,
            zero,
            limits: [min, max],
        } = self.rounding;
        let kernel = QlinearReduceSum {
            outer,
            axis,
            inner,
            x_zero: self.x_zero,
            multiplier: self.multiplier,
            shift,
            zero,
            min,
            max,
        };
        let y = cx.output(0);
        let from = self.from;
        cx.call(Between { kernel, from, to }, &[x], &[y]);
        Ok(())
    }

    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let axes = permuted(&self.axes, perm);
        Some(Permuted {
            operator: Box::new(Self { axes, ..self.clone() }),
            transposed: vec![true],
        })
    }

    fn parts(&self, axis: usize, x: &[usize], y: &[usize]) -> Option<Parts> {
        (x[axis] > 1 && y[axis] == x[axis]).then(|| Parts::same(axis, x[axis]))
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let (axis, _) = time.first()?;
        match self.axes.contains(&axis) {
            true => OverTime::whole(self, time),
            false => OverTime::frames(self.clone(), axis),
        }
    }
}
