use super::dynamic_quantize_linear::dynamically;
use super::lstm;
use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::{binary, transposed};
use crate::front::shared::normalization::{cast, reshaped};
use crate::front::shared::quantization::{centred, check};
use crate::front::shared::recurrent::Layer;
use crate::ir::primitives::BinaryOp;
use crate::ir::{DType, OpError, ValueId, op_error};

/// `LSTM` of which the input, the hidden states and the weights are 8-bit integers: those by their own range, these
/// with scales and zero points that are known.
pub(super) const DYNAMIC_QUANTIZE_LSTM: OperatorDef = OperatorDef {
    name: "DynamicQuantizeLSTM",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "the weights are stored as floats; in a batch of several, ONNX Runtime rounds hidden states by the range of all",
    read: |cx| {
        check(cx, 0, &[DType::F32])?;
        let x = cx.input(0)?;
        let [integers, scale, zero] = dynamically(cx, x)?;
        let x = centred(cx, integers, Some(zero), DType::F32)?;
        let x = binary(cx, BinaryOp::Mul, x, scale)?;
        let (w, r) = (weights(cx, 1, [8, 9])?, weights(cx, 2, [10, 11])?);
        let layer = Layer::of_operands(cx, 4, &[5, 6], Some([x, w, r]))?;
        lstm::read(cx, layer, true)
    },
};

/// The numbers that input `index`, `[directions, inputs, gates * hidden]`, stands for, `[directions, gates * hidden,
/// inputs]`: with one scale and zero point for each direction, or for each gate's units as well.
fn weights(cx: &mut NodeContext<'_>, index: usize, [scale, zero]: [usize; 2]) -> Result<ValueId, OpError> {
    let ty = check(cx, index, &[DType::I8, DType::U8])?;
    let &[directions, _, columns] = &ty.shape[..] else {
        return Err(op_error(format!("input {index} is {ty}, it must have 3 dimensions")));
    };
    let mut parameter = |index: usize| {
        let (value, ty) = (cx.input(index)?, cx.ty(index)?);
        let each = match ty.len() {
            len if len == directions => 1,
            len if len == directions * columns => columns,
            _ => {
                return Err(op_error(format!(
                    "input {index} is {ty}, it must have {directions} or {directions} times {columns} elements"
                )));
            }
        };
        reshaped(cx, value, &[directions, 1, each])
    };
    let (scale, zero) = (parameter(scale)?, parameter(zero)?);
    if cx.value_ty(zero).dtype != ty.dtype {
        return Err(op_error(format!(
            "the zero points of input {index} must be {}",
            ty.dtype
        )));
    }
    let integers = cx.input(index)?;
    let centred = centred(cx, integers, Some(zero), DType::I32)?;
    let centred = cast(cx, centred, DType::F32)?;
    let numbers = binary(cx, BinaryOp::Mul, centred, scale)?;
    transposed(cx, numbers, vec![0, 2, 1])
}
