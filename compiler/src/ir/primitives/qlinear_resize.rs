use crate::bindings::Between;
use crate::ir::Lowering;
use crate::ir::fixed_point::{LEAST_BITS, MULTIPLIER_BITS, Quantization, Rounding, Uniform, expect, fixed_point};
use crate::ir::geometry::moved;
use crate::ir::{DType, Inputs, OpError, Operator, Parts, Permuted, Tensor, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::kernels;

/// Weighted sums of the elements of a quantised tensor along one axis or two, rounded once, half to even, and limited:
/// inputs `x` and for each axis a table `i32` `[output, taps, 2]` of indices and fixed-point weights.
#[derive(Clone, Debug, PartialEq)]
pub struct QlinearResize {
    axes: Vec<usize>,
    from: DType,
    x_zero: i32,
    rounding: Rounding,
}

/// How one axis is resized, as the float [`Resize`](super::Resize) takes it.
#[derive(Clone, Copy, Debug)]
pub struct ResizedAxis<'a> {
    /// The axis.
    pub axis: usize,
    /// Indices, `i32` `[output, taps]`.
    pub indices: &'a Tensor,
    /// Weights, `f32` of the same shape.
    pub weights: &'a Tensor,
}

/// Most bits of a weight of the second axis. They leave the first axis' weights about as many where `i16` are summed.
const WEIGHT_BITS: u32 = 23;

/// The weights of a table in fixed point.
struct Fixed {
    weights: Vec<i32>,
    /// Bits after the point.
    shift: u32,
    /// The greatest sum of their magnitudes for an output position.
    gain: u64,
}

impl QlinearResize {
    /// The operator for one or two axes, in ascending order, from the quantisation `x` to `y`, within the least and
    /// greatest integer of a fused `Relu` or `Clip`, and its tables. `None` for quantisations with several scales or of
    /// other types than `i8` and `i16`, tables that are no tables, or scales and weights whose sums keep less than 20
    /// bits: an output some 100 000 times coarser, or a billion times finer.
    pub fn new(
        axes: &[ResizedAxis<'_>],
        x: &Quantization,
        y: &Quantization,
        limits: Option<(i32, i32)>,
    ) -> Option<(Self, Vec<Tensor>)> {
        let (x, y) = (Uniform::of(x)?, Uniform::of(y)?);
        let (first, second) = match axes {
            [first] => (first, None),
            [first, second] if first.axis < second.axis => (first, Some(second)),
            _ => return None,
        };
        let (mut reach, mut shift) = (x.reach(), 0);
        let mut tables = vec![];
        if let Some(axis) = second {
            let sum_bits = if x.dtype == DType::I8 { 31 } else { 62 };
            let fixed = Fixed::new(axis, 1.0, reach, sum_bits, WEIGHT_BITS, WEIGHT_BITS)?;
            (reach, shift) = (reach * fixed.gain, fixed.shift);
            tables.push(axis.table(&fixed.weights)?);
        }
        let fixed = Fixed::new(first, x.scale / y.scale, reach, 62, MULTIPLIER_BITS, 62 - shift)?;
        tables.insert(0, first.table(&fixed.weights)?);
        let operator = Self {
            axes: axes.iter().map(|axis| axis.axis).collect(),
            from: x.dtype,
            x_zero: x.zero,
            rounding: Rounding::new(y, shift + fixed.shift, limits)?,
        };
        Some((operator, tables))
    }

    /// The resized axes.
    pub fn axes(&self) -> &[usize] {
        &self.axes
    }
}

impl Fixed {
    /// An axis' weights times `factor` with as many bits after the point, up to `most_shift`, as leave their sums of
    /// products with integers of up to `reach` within `sum_bits` bits, and each weight within `bits`.
    fn new(
        axis: &ResizedAxis<'_>,
        factor: f64,
        reach: u64,
        sum_bits: u32,
        bits: u32,
        mut most_shift: u32,
    ) -> Option<Self> {
        let weights = axis.weights.to_f64();
        let taps = *axis.weights.shape.last().filter(|taps| **taps > 0)?;
        loop {
            let factors = weights.iter().map(|weight| weight * factor);
            let (weights, shift) = fixed_point(factors, bits, most_shift)?;
            let sums = weights.chunks(taps);
            let sums = sums.map(|row| row.iter().map(|w| u64::from(w.unsigned_abs())).sum::<u64>());
            let gain = sums.max().filter(|gain| gain >> LEAST_BITS != 0)?;
            if gain.checked_mul(reach).is_some_and(|sum| sum >> sum_bits == 0) {
                return Some(Self { weights, shift, gain });
            }
            most_shift = shift - 1;
        }
    }
}

impl ResizedAxis<'_> {
    fn table(&self, weights: &[i32]) -> Option<Tensor> {
        let [output, taps] = self.indices.shape[..] else {
            return None;
        };
        let indices = self.indices.to_i64()?;
        let pairs = indices
            .iter()
            .zip(weights)
            .flat_map(|(index, weight)| [*index as i32, *weight]);
        let pairs: Vec<i32> = pairs.collect();
        (pairs.len() == 2 * output * taps).then(|| Tensor::i32(&[output, taps, 2], &pairs))
    }
}

/// Output positions and taps of a table.
fn table(ty: &TensorType) -> Result<[usize; 2], OpError> {
    match ty.shape[..] {
        [output, taps, 2] if ty.dtype == DType::I32 => Ok([output, taps]),
        _ => Err(op_error(format!("{ty} is not a table of indices and weights"))),
    }
}

impl Operator for QlinearResize {
    fn name(&self) -> &'static str {
        "QlinearResize"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let mut shape = expect(inputs, 0, self.from)?.shape.clone();
        for (index, axis) in self.axes.iter().enumerate() {
            let [output, _] = table(inputs.ty(1 + index)?)?;
            let size = shape.get_mut(*axis);
            *size.ok_or_else(|| op_error(format!("there is no axis {axis}")))? = output;
        }
        Ok(vec![TensorType::new(self.rounding.dtype, shape)])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let taps = inputs[1..].iter().flatten().map(|table| table.shape[1] as u64);
        outputs[0].len() as u64 * taps.product::<u64>()
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (shape, first) = (cx.ty(0).shape.clone(), table(cx.ty(1))?);
        let product = |dims: &[usize]| dims.iter().product::<usize>();
        let axis = self.axes[0];
        let (second, after, table2) = match self.axes.get(1) {
            Some(second) => (table(cx.ty(2))?, *second, cx.input(2)),
            None => ([1, 1], axis, cx.add_constant("whole", Tensor::i32(&[1, 1, 2], &[0, 1]))),
        };
        let size = |other: usize| if other == axis { 1 } else { shape[other] };
        let Rounding {
            shift,
            zero,
            limits: [min, max],
            dtype: to,
        } = self.rounding;
        let kernel = kernels::QlinearResize {
            outer: product(&shape[..axis]),
            input: [shape[axis], size(after)],
            output: [first[0], second[0]],
            between: shape.get(axis + 1..after).map_or(1, product),
            inner: product(&shape[after + 1..]),
            taps: [first[1], second[1]],
            x_zero: self.x_zero,
            shift,
            zero,
            min,
            max,
        };
        let (x, table, y) = (cx.input(0), cx.input(1), cx.output(0));
        let from = self.from;
        cx.call(Between { kernel, from, to }, &[x, table, table2], &[y]);
        Ok(())
    }

    /// `None` where the axes would change places: their tables differ in what they hold.
    fn permute(&self, perm: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        let axes: Vec<_> = self.axes.iter().map(|axis| moved(*axis, perm)).collect::<Option<_>>()?;
        let mut transposed = vec![false; 1 + axes.len()];
        transposed[0] = true;
        axes.is_sorted().then(|| Permuted {
            operator: Box::new(Self { axes, ..self.clone() }),
            transposed,
        })
    }

    fn parts(&self, axis: usize, x: &[usize], _: &[usize]) -> Option<Parts> {
        (!self.axes().contains(&axis)).then(|| Parts::same(axis, x[axis]))
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.beside(self, self.axes().to_vec())
    }
}
