//! What the quantised operators have in common: integers that stand for `(x - zero_point) * scale`.

use super::normalization::{cast, reshaped};
use crate::front::node::NodeContext;
use crate::ir::primitives::{Binary, BinaryOp, Gather, Map, Quantization};
use crate::ir::{DType, OpError, RemarkKind, Tensor, TensorType, ValueId, op_error};
use runtime_core::function::{Clip, Round};

/// The least and the greatest value of a type that is quantised to.
fn range(dtype: DType) -> Option<(f32, f32)> {
    match dtype {
        DType::I8 => Some((-128.0, 127.0)),
        DType::U8 => Some((0.0, 255.0)),
        DType::I16 => Some((-32768.0, 32767.0)),
        DType::U16 => Some((0.0, 65535.0)),
        _ => None,
    }
}

/// Checks that operand `index` has one of these element types.
pub(in crate::front) fn check(cx: &NodeContext<'_>, index: usize, supported: &[DType]) -> Result<TensorType, OpError> {
    let ty = cx.ty(index)?;
    if supported.contains(&ty.dtype) {
        return Ok(ty);
    }
    let names: Vec<_> = supported.iter().map(DType::to_string).collect();
    Err(op_error(format!("input {index} is {ty}, which is not supported"))
        .help(format!("supported element types: {}", names.join(", "))))
}

/// Input `index` as it broadcasts against a tensor: one number for all of it, or `shape`.
pub(in crate::front) fn parameter(cx: &mut NodeContext<'_>, index: usize, shape: &[usize]) -> Result<ValueId, OpError> {
    let (value, ty) = (cx.input(index)?, cx.ty(index)?);
    if ty.len() == 1 {
        reshaped(cx, value, &[])
    } else if ty.len() == shape.iter().product::<usize>() {
        reshaped(cx, value, shape)
    } else {
        let many: usize = shape.iter().product();
        Err(op_error(format!(
            "input {index} is {ty}, it must have one element or {many}"
        )))
    }
}

/// The zero point (input `index`) as [`parameter`]; `None` where it is absent or zero, as far as is known.
pub(in crate::front) fn zero_point(
    cx: &mut NodeContext<'_>,
    index: usize,
    dtype: DType,
    shape: &[usize],
) -> Result<Option<ValueId>, OpError> {
    if !cx.has(index) {
        return Ok(None);
    }
    let ty = cx.ty(index)?;
    if ty.dtype != dtype {
        return Err(op_error(format!(
            "the zero point (input {index}) is {ty}, it must be of type {dtype}"
        )));
    }
    let zero = cx
        .constant(index)
        .is_some_and(|zero| zero.bytes.iter().all(|b| *b == 0));
    let value = parameter(cx, index, shape)?;
    Ok((!zero).then_some(value))
}

/// `x - zero_point` in another type that holds it exactly.
pub(in crate::front) fn centred(
    cx: &mut NodeContext<'_>,
    x: ValueId,
    zero_point: Option<ValueId>,
    to: DType,
) -> Result<ValueId, OpError> {
    let x = cast(cx, x, to)?;
    let Some(zero_point) = zero_point else { return Ok(x) };
    let zero_point = cast(cx, zero_point, to)?;
    cx.add(Binary::from(BinaryOp::Sub), &[x, zero_point])
}

/// The nearest integers, of two the even ones, plus the zero point, within the limits of `to`.
pub(in crate::front) fn quantised(
    cx: &mut NodeContext<'_>,
    x: ValueId,
    zero_point: Option<ValueId>,
    to: DType,
) -> Result<ValueId, OpError> {
    let Some((min, max)) = range(to) else {
        return Err(op_error(format!("{to} is not a type to quantise to"))
            .help("supported: int8, uint8, int16, uint16; neither float8 nor types of less than 8 bits"));
    };
    let mut y = cx.add(Map { function: Round.into() }, &[x])?;
    if let Some(zero_point) = zero_point {
        let zero_point = cast(cx, zero_point, cx.value_ty(x).dtype)?;
        y = cx.add(Binary::from(BinaryOp::Add), &[y, zero_point])?;
    }
    let limits = Clip { min, max };
    let y = cx.add(
        Map {
            function: limits.into(),
        },
        &[y],
    )?;
    cast(cx, y, to)
}

/// `sums * (a_scale * b_scale / y_scale)`, quantised: the end of a product of quantised operands.
pub(in crate::front) fn requantised(
    cx: &mut NodeContext<'_>,
    sums: ValueId,
    scales: [ValueId; 3],
    zero_point: Option<ValueId>,
    to: DType,
) -> Result<ValueId, OpError> {
    let [mut a, mut b, mut y] = scales;
    for scale in [&mut a, &mut b, &mut y] {
        *scale = cast(cx, *scale, DType::F32)?;
    }
    let scale = cx.add(Binary::from(BinaryOp::Mul), &[a, b])?;
    let scale = cx.add(Binary::from(BinaryOp::Div), &[scale, y])?;
    let sums = cast(cx, sums, DType::F32)?;
    let scaled = cx.add(Binary::from(BinaryOp::Mul), &[sums, scale])?;
    quantised(cx, scaled, zero_point, to)
}

/// How integers of type `dtype` stand for numbers by the scales of input 1 and the zero points of input 2, if these are
/// known and there is one, or one for each element of `axis`.
pub(in crate::front) fn known_quantization(
    cx: &mut NodeContext<'_>,
    dtype: DType,
) -> Result<Option<Quantization>, OpError> {
    let axis = cx.attributes.int("axis", 1)?;
    if cx.attributes.int("block_size", 0)? != 0 || Quantization::range(dtype).is_none() {
        return Ok(None);
    }
    let Some(scales) = cx.constant(1).and_then(Tensor::to_f32) else {
        return Ok(None);
    };
    let zeros = match cx.constant(2).map(|zeros| (zeros.dtype == dtype, zeros.to_f64())) {
        Some((true, zeros)) => zeros.iter().map(|zero| *zero as i32).collect(),
        None if !cx.has(2) => vec![0; scales.len()],
        _ => return Ok(None),
    };
    let x = cx.ty(0)?;
    let axis = if scales.len() == 1 { 0 } else { x.axis(axis)? };
    let fits = scales.len() == 1 || cx.ty(1)?.shape == [x.shape[axis]];
    Ok((fits && zeros.len() == scales.len()).then_some(Quantization {
        dtype,
        scales,
        zeros,
        axis,
    }))
}

/// A constant and how it is quantised, without scales of zero and denormal ones, and a remark if there were some: what
/// they stand for is zero to within 1e-28, and so is the zero point by another scale. Other values are given back as
/// they are.
pub(in crate::front) fn with_normal_scales(
    cx: &mut NodeContext<'_>,
    value: ValueId,
    mut from: Quantization,
) -> (ValueId, Quantization) {
    let tiny = |scale: &f32| (0.0..f32::MIN_POSITIVE).contains(scale);
    let count = from.scales.iter().filter(|scale| tiny(scale)).count();
    let Some(integers) = cx.value(value).filter(|_| count > 0).cloned() else {
        return (value, from);
    };
    let is_tiny: Vec<bool> = from.scales.iter().map(tiny).collect();
    let size = integers.dtype.size();
    let mut bytes = integers.bytes.to_vec();
    for (element, channel) in bytes.chunks_exact_mut(size).zip(from.channels(&integers.shape)) {
        if is_tiny[channel] {
            element.copy_from_slice(&from.zeros[channel].to_le_bytes()[..size]);
        }
    }
    // One like the others, so that the sums of all channels are alike in size.
    let usual = from.scales.iter().copied().fold(0.0, f32::max);
    let usual = if tiny(&usual) { 1.0 } else { usual };
    from.scales
        .iter_mut()
        .filter(|scale| tiny(scale))
        .for_each(|scale| *scale = usual);
    let reason = format!(
        "has {count} of {} scales that are zero or denormal: what they scale is taken as zero",
        is_tiny.len()
    );
    cx.remark(RemarkKind::ZeroScale, reason);
    let integers = Tensor::new(integers.dtype, integers.shape, bytes);
    (cx.add_constant(integers), from)
}

/// How the scales and zero points of a tensor lie along it.
pub(in crate::front) struct Granularity {
    /// The tensor's shape with blocks as a dimension, so that parameters broadcast.
    pub shape: Vec<usize>,
    /// The parameters' shape.
    parameters: Vec<usize>,
    /// Where the last block is shorter: the parameters' stored shape, the axis, and the block of each of its elements.
    gather: Option<(Vec<usize>, usize, Vec<i64>)>,
}

impl Granularity {
    /// Reads `axis` and `block_size`, for input 0 with the scales of input 1.
    pub(in crate::front) fn read(cx: &mut NodeContext<'_>) -> Result<Self, OpError> {
        let axis = cx.attributes.int("axis", 1)?;
        let block = cx.attributes.int("block_size", 0)?;
        let (x, scale) = (cx.ty(0)?, cx.ty(1)?);
        let Ok(block) = usize::try_from(block) else {
            return Err(op_error(format!("block_size is {block}, it must not be negative")));
        };
        let plain = |parameters| Self {
            shape: x.shape.clone(),
            parameters,
            gather: None,
        };
        if scale.len() == 1 {
            return Ok(plain(vec![]));
        }
        let axis = x.axis(axis)?;
        let size = x.shape[axis];
        if block == 0 {
            let mut parameters = vec![1; x.rank()];
            parameters[axis] = size;
            return if scale.shape == [size] {
                Ok(plain(parameters))
            } else {
                Err(op_error(format!(
                    "the scales {scale} must be one, or {size} along axis {axis} of {x}"
                )))
            };
        }
        let mut stored = x.shape.clone();
        stored[axis] = size.div_ceil(block);
        if scale.shape != stored {
            return Err(op_error(format!(
                "the scales {scale} must be of shape {stored:?} for blocks of {block} along axis {axis} of {x}"
            )));
        }
        if !size.is_multiple_of(block) {
            let blocks = (0..size).map(|i| (i / block) as i64).collect();
            let gather = Some((stored, axis, blocks));
            return Ok(Self {
                gather,
                ..plain(x.shape.clone())
            });
        }
        let outer: usize = x.shape[..axis].iter().product();
        let inner: usize = x.shape[axis + 1..].iter().product();
        Ok(Self {
            shape: vec![outer, stored[axis], block, inner],
            parameters: vec![outer, stored[axis], 1, inner],
            gather: None,
        })
    }

    /// Scales or zero points, so that they broadcast.
    pub(in crate::front) fn spread(&self, cx: &mut NodeContext<'_>, value: ValueId) -> Result<ValueId, OpError> {
        let ty = cx.value_ty(value).clone();
        let stored = self.gather.as_ref().map_or(&self.parameters, |(stored, ..)| stored);
        if ty.len() != stored.iter().product::<usize>() {
            return Err(op_error(format!(
                "the zero point {ty} must have the shape of the scale"
            )));
        }
        let value = reshaped(cx, value, stored)?;
        let Some((_, axis, blocks)) = &self.gather else {
            return Ok(value);
        };
        let blocks = cx.add_constant(Tensor::i64(&[blocks.len()], blocks));
        cx.add(Gather { axis: *axis }, &[value, blocks])
    }

    /// Input 2, the zero point; `None` where it is absent or zero, as far as is known.
    pub(in crate::front) fn zero_point(
        &self,
        cx: &mut NodeContext<'_>,
        dtype: DType,
    ) -> Result<Option<ValueId>, OpError> {
        let shape = if cx.has(2) { cx.ty(2)?.shape } else { vec![] };
        let zero_point = zero_point(cx, 2, dtype, &shape)?;
        zero_point.map(|zero_point| self.spread(cx, zero_point)).transpose()
    }
}
