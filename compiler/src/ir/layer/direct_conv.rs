//! Convolutions that no fast kernel serves: of more than two axes, of other types than `f32`, with weights that are
//! known at run time only.

use super::{RESIDUAL, bias_or_zeros};
use crate::bindings::{BinaryCall, BinaryOp, ConvCall, MapCall};
use crate::ir::geometry::{Image, Window};
use crate::ir::{CallOptions, Lowering};
use crate::ir::{DType, TensorType};
use runtime_core::function::AnyFunction;

/// Whether a convolution has a fast, channels-last kernel, whose weights are packed at compile time.
pub fn has_packed_kernel(window: &Window, weights: &TensorType, known: bool) -> bool {
    known && window.rank() <= 2 && matches!(weights.dtype, DType::F32 | DType::I8)
}

/// Adds the calls of a convolution from one image to another in ONNX's layout; the residual and the activation are
/// applied to its result in place.
pub(in crate::ir) fn direct(
    cx: &mut Lowering<'_>,
    window: &Window,
    groups: usize,
    [input, output]: [&Image; 2],
    transposed: bool,
    activation: AnyFunction,
) {
    let (dtype, len) = (cx.ty(0).dtype, cx.output_ty(0).len());
    let conv = ConvCall {
        batch: input.batch,
        groups,
        channels: [input, output].map(|image| image.channels / groups),
        windows: window.between(&input.spatial, &output.spatial),
        transposed,
        dtype,
    };
    let (x, w, bias) = (cx.input(0), cx.input(1), bias_or_zeros(cx, output.channels));
    let residual = cx.has(RESIDUAL).then(|| cx.input(RESIDUAL));
    let identity = matches!(activation, AnyFunction::Identity(_));
    if residual.is_none() && identity {
        let y = cx.output(0);
        return cx.call(conv, &[x, w, bias], &[y]);
    }
    let sum = cx.temporary("sum", dtype, len);
    cx.call(conv, &[x, w, bias], &[sum]);
    let y = cx.output(0);
    let in_place = CallOptions { in_place: Some(0) };
    let Some(residual) = residual else {
        let map = MapCall {
            function: activation,
            dtype,
        };
        return cx.call_with(map, &[sum], &[y], in_place);
    };
    let add = BinaryCall {
        op: BinaryOp::Add,
        activation,
        dims: vec![len],
        a_strides: vec![1],
        b_strides: vec![1],
        dtype,
        reversed: false,
    };
    cx.call_with(add, &[sum, residual], &[y], in_place);
}
