//! Exact sums of products of 8-bit integers around zero points.

use super::compose::{binary, transposed, with_number};
use super::normalization::cast;
use super::quantization::centred;
use crate::front::node::NodeContext;
use crate::ir::primitives::{
    BinaryOp, BitCast, Concat, Conv, IntegerGemm, MatMul, Pad, PadMode, Slice, Window, weights_around_zero,
};
use crate::ir::{DType, OpError, Tensor, ValueId};

/// The most taps of a window whose inputs are copied side by side at once; of larger windows those of a row are.
const MOST_TAPS: usize = 9;

/// The most products in a sum of floats that is exact with room for what a pass may add: none is above 2^16, and `f32`
/// has all whole numbers up to 2^24.
const MOST_TERMS: usize = 128;

/// 8-bit integers, and a zero point, unless it is zero, that broadcasts against them.
#[derive(Clone, Copy)]
pub(in crate::front) struct Integers {
    /// The integers.
    pub(in crate::front) value: ValueId,
    /// The zero point.
    pub(in crate::front) zero: Option<ValueId>,
}

/// The product of two matrices of integers without their zero points, in `i32`, which wraps.
pub(in crate::front) fn product(cx: &mut NodeContext<'_>, a: Integers, b: Integers) -> Result<ValueId, OpError> {
    if let Some(weights) = weights(cx, b) {
        return by_weights(cx, a, &weights);
    }
    let a = centred(cx, a.value, a.zero, DType::I32)?;
    let b = centred(cx, b.value, b.zero, DType::I32)?;
    cx.add(MatMul, &[a, b])
}

/// The convolution of channels-first images by constant filters, without their zero points, in `i32`, which wraps: the
/// inputs of each window lie side by side, and are multiplied by a matrix. `None` where there is more than one zero
/// point of the images, or where the filters are not known or do not fit `i8`. With groups: see [`grouped`].
pub(in crate::front) fn convolution(
    cx: &mut NodeContext<'_>,
    x: Integers,
    w: Integers,
    conv: &Conv,
) -> Result<Option<ValueId>, OpError> {
    let (ty, window) = (cx.value_ty(x.value).clone(), &conv.window);
    let single = x.zero.is_none_or(|zero| cx.value_ty(zero).len() == 1);
    if conv.groups != 1 {
        return grouped(cx, x, w, conv);
    }
    if !single || window.check().is_err() {
        return Ok(None);
    }
    let Some((filters, channels)) = filters(cx, w).filter(|(f, _)| f.shape[0] > 0 && f.shape[0] % ty.shape[1] == 0)
    else {
        return Ok(None);
    };
    let taps: usize = window.kernel.iter().product();
    if filters.shape[0] != taps * ty.shape[1] {
        return Ok(None);
    }
    let x = signed(cx, x)?;
    let rank = ty.rank();
    let perm: Vec<usize> = (0..1).chain(2..rank).chain([1]).collect();
    let image = transposed(cx, x.value, perm)?;
    let image = padded(cx, image, x.zero, window)?;
    let at_once = if taps <= MOST_TAPS {
        taps
    } else {
        window.kernel[window.rank() - 1]
    };
    let mut sum = None;
    for first in (0..taps).step_by(at_once) {
        let windows = (first..first + at_once).map(|tap| tap_of(cx, image, window, &ty.shape, tap));
        let windows = windows.collect::<Result<Vec<_>, _>>()?;
        let windows = match windows[..] {
            [one] => one,
            _ => cx.add(Concat { axis: rank - 1 }, &windows)?,
        };
        let rows = first * ty.shape[1]..(first + at_once) * ty.shape[1];
        let bytes = filters.bytes[rows.start * channels..rows.end * channels].to_vec();
        let weights = Tensor::new(DType::I8, vec![rows.len(), channels], bytes);
        let part = by_weights(cx, Integers { value: windows, ..x }, &weights)?;
        sum = Some(match sum {
            Some(sum) => binary(cx, BinaryOp::Add, sum, part)?,
            None => part,
        });
    }
    let back: Vec<usize> = [0, rank - 1].into_iter().chain(1..rank - 1).collect();
    sum.map(|sum| transposed(cx, sum, back)).transpose()
}

/// The convolution in groups, depthwise above all, by the kernels of floats: where sums are short they are whole
/// numbers that `f32` has exactly, in any order. `None` where they are long, or where no kernel packs the filters.
fn grouped(cx: &mut NodeContext<'_>, x: Integers, w: Integers, conv: &Conv) -> Result<Option<ValueId>, OpError> {
    let is_known = |value| cx.value(value).is_some();
    let known = is_known(w.value) && w.zero.is_none_or(is_known);
    let terms: usize = cx.value_ty(w.value).shape.iter().skip(1).product();
    if !known || conv.window.rank() > 2 || terms > MOST_TERMS {
        return Ok(None);
    }
    let x = centred(cx, x.value, x.zero, DType::F32)?;
    let w = centred(cx, w.value, w.zero, DType::F32)?;
    let sums = cx.add(conv.clone(), &[x, w])?;
    cast(cx, sums, DType::I32).map(Some)
}

/// Constant filters without their zero points, if these fit `i8`, as a matrix of taps and inputs by outputs; and how
/// many outputs.
fn filters(cx: &NodeContext<'_>, w: Integers) -> Option<(Tensor, usize)> {
    let filters = cx.value(w.value)?;
    let [channels, inputs, ref kernel @ ..] = filters.shape[..] else {
        return None;
    };
    let (taps, each) = (
        kernel.iter().product::<usize>(),
        filters.bytes.len().checked_div(channels)?,
    );
    let zeros = match w.zero {
        Some(zero) => cx.value(zero)?.to_f64(),
        None => vec![0.0],
    };
    let zero = |index: usize| Some(*zeros.get(if zeros.len() == 1 { 0 } else { index / each.max(1) })? as i32);
    let centred = weights_around_zero(filters, zero).filter(|_| [1, channels].contains(&zeros.len()))?;
    let mut matrix = vec![0; centred.len()];
    for (index, weight) in centred.into_iter().enumerate() {
        let (channel, input, tap) = (index / each, index % each / taps, index % taps);
        matrix[(tap * inputs + input) * channels + channel] = weight as u8;
    }
    Some((Tensor::new(DType::I8, vec![taps * inputs, channels], matrix), channels))
}

/// Channels-last images surrounded by their zero point.
fn padded(
    cx: &mut NodeContext<'_>,
    image: ValueId,
    zero: Option<ValueId>,
    window: &Window,
) -> Result<ValueId, OpError> {
    if window.pads.iter().all(|pad| *pad == 0) {
        return Ok(image);
    }
    let zero = match zero {
        Some(zero) => cast(cx, zero, DType::I8)?,
        None => cx.scalar(DType::I8, 0.0),
    };
    let around = |pads: &[usize]| [&[0], pads, &[0]].concat();
    let (begins, ends) = window.pads.split_at(window.rank());
    let pad = Pad {
        begins: around(begins),
        ends: around(ends),
        mode: PadMode::Constant,
    };
    cx.add(pad, &[image, zero])
}

/// What tap `tap` of each window lies on, in a padded channels-last image; `shape` is that of the image channels-first,
/// without padding.
fn tap_of(
    cx: &mut NodeContext<'_>,
    image: ValueId,
    window: &Window,
    shape: &[usize],
    tap: usize,
) -> Result<ValueId, OpError> {
    let mut slice = Slice::along(&cx.value_ty(image).shape, 0, 0, shape[0]);
    let mut rest = tap;
    for axis in (0..window.rank()).rev() {
        slice.starts[axis + 1] = rest % window.kernel[axis] * window.dilations[axis];
        slice.steps[axis + 1] = window.strides[axis] as isize;
        slice.lens[axis + 1] = window.output(axis, shape[axis + 2], false)?;
        rest /= window.kernel[axis];
    }
    if slice.is_whole(&cx.value_ty(image).shape) {
        Ok(image)
    } else {
        cx.add(slice, &[image])
    }
}

/// A constant matrix without its zero points, if that fits `i8`.
fn weights(cx: &NodeContext<'_>, b: Integers) -> Option<Tensor> {
    let matrix = cx.value(b.value)?;
    let [k, n] = matrix.shape[..] else { return None };
    let zeros = match b.zero {
        Some(zero) => cx.value(zero)?.to_f64(),
        None => vec![0.0],
    };
    let zero = |index: usize| Some(*zeros.get(if zeros.len() == 1 { 0 } else { index % n })? as i32);
    let centred = weights_around_zero(matrix, zero).filter(|_| k > 0 && [1, n].contains(&zeros.len()))?;
    Some(Tensor::new(
        DType::I8,
        vec![k, n],
        centred.into_iter().map(|w| w as u8).collect(),
    ))
}

/// The product of the stored integers by weights around zero, minus what the zero point adds to each column.
fn by_weights(cx: &mut NodeContext<'_>, a: Integers, weights: &Tensor) -> Result<ValueId, OpError> {
    let n = weights.shape[1];
    let mut columns = vec![0i32; n];
    for (index, byte) in weights.bytes.iter().enumerate() {
        columns[index % n] = columns[index % n].wrapping_add((*byte as i8).into());
    }
    let Integers { value, zero } = signed(cx, a)?;
    let weights = cx.add_constant(weights.clone());
    let sums = cx.add(IntegerGemm, &[value, weights])?;
    let Some(zero) = zero else { return Ok(sums) };
    let columns = cx.add_constant(Tensor::i32(&[n], &columns));
    let added = binary(cx, BinaryOp::Mul, zero, columns)?;
    binary(cx, BinaryOp::Sub, sums, added)
}

/// The same numbers as integers with a sign, the zero point as `i32`.
fn signed(cx: &mut NodeContext<'_>, a: Integers) -> Result<Integers, OpError> {
    let zero = a.zero.map(|zero| cast(cx, zero, DType::I32)).transpose()?;
    if cx.value_ty(a.value).dtype == DType::I8 {
        return Ok(Integers { value: a.value, zero });
    }
    // The greatest bit turned over: 128 less, as a signed integer.
    let turned = with_number(cx, BinaryOp::Xor, a.value, 128.0)?;
    let value = cx.add(BitCast { to: DType::I8 }, &[turned])?;
    let zero = match zero {
        Some(zero) => with_number(cx, BinaryOp::Sub, zero, 128.0)?,
        None => cx.scalar(DType::I32, -128.0),
    };
    Ok(Integers {
        value,
        zero: Some(zero),
    })
}
