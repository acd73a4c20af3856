use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::binary;
use crate::front::shared::integer_products::{Integers, convolution};
use crate::front::shared::normalization::reshaped;
use crate::front::shared::quantization::{centred, check, parameter, zero_point};
use crate::front::shared::window;
use crate::ir::primitives::{Activation, BinaryOp, Conv, Layout};
use crate::ir::{DType, OpError, ValueId};
use runtime_core::function::Identity;

/// A convolution of 8-bit integers without their zero points, in `i32`.
pub(super) const CONV_INTEGER: OperatorDef = OperatorDef {
    name: "ConvInteger",
    domain: Domain::Onnx,
    versions: &[10],
    limits: "",
    read: |cx| Ok(vec![conv(cx, [0, 1], [2, 3], None)?]),
};

/// Convolves the inputs `operands` without their zero points, the inputs `zero_points`.
pub(super) fn conv(
    cx: &mut NodeContext<'_>,
    operands: [usize; 2],
    zero_points: [usize; 2],
    bias: Option<ValueId>,
) -> Result<ValueId, OpError> {
    let conv = geometry(cx, operands, Identity.into())?;
    let mut sides = vec![];
    for (operand, zero_point_index) in operands.into_iter().zip(zero_points) {
        let ty = check(cx, operand, &[DType::I8, DType::U8])?;
        // One per channel of the output.
        let mut along = vec![1; ty.rank()];
        if operand == operands[1] {
            along.splice(..1, ty.shape.first().copied());
        }
        let value = cx.input(operand)?;
        let zero = zero_point(cx, zero_point_index, ty.dtype, &along)?;
        sides.push(Integers { value, zero });
    }
    if let Some(sums) = convolution(cx, sides[0], sides[1], &conv)? {
        let Some(bias) = bias else { return Ok(sums) };
        let mut along = vec![1; cx.value_ty(sums).rank() - 1];
        along.splice(..1, [cx.value_ty(bias).len()]);
        let bias = reshaped(cx, bias, &along)?;
        return binary(cx, BinaryOp::Add, sums, bias);
    }
    let mut values = vec![];
    for side in sides {
        values.push(centred(cx, side.value, side.zero, DType::I32)?);
    }
    values.extend(bias);
    cx.add(conv, &values)
}

/// The convolution of the inputs `operands` as the attributes have it.
pub(super) fn geometry(
    cx: &mut NodeContext<'_>,
    operands: [usize; 2],
    activation: Activation,
) -> Result<Conv, OpError> {
    let kernel = window::kernel_of_weights(cx, operands[1])?;
    let x = cx.ty(operands[0])?;
    let spatial = window::spatial(&x, &kernel)?;
    let (window, _) = window::read(cx, kernel, spatial)?;
    Ok(Conv {
        window,
        groups: usize::try_from(cx.attributes.int("group", 1)?).unwrap_or(0),
        layout: Layout::ChannelsFirst,
        activation,
    })
}

/// Input `index`, one number or one for each channel of an image of this rank.
pub(super) fn of_channels(
    cx: &mut NodeContext<'_>,
    index: usize,
    channels: usize,
    rank: usize,
) -> Result<ValueId, OpError> {
    let mut shape = vec![1; rank.saturating_sub(1)];
    shape.splice(..1, [channels]);
    parameter(cx, index, &shape)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, ints, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn padding_is_zero_beyond_the_zero_point() {
        let bytes = |shape: &[usize], values: &[u8]| Tensor::new(DType::U8, shape.to_vec(), values.to_vec());
        let operands = [
            Given(bytes(&[1, 1, 2], &[10, 20])),
            Known(Tensor::new(DType::I8, vec![2, 1, 2], vec![1, 2, 255, 3])),
            Given(bytes(&[1], &[10])),
            Given(Tensor::new(DType::I8, vec![2], vec![0, 1])),
        ];
        let y = run(10, "ConvInteger", &[ints("pads", &[1, 1])], &operands, 1);
        assert_eq!(y, Ok(vec![Tensor::i32(&[1, 2, 3], &[0, 20, 10, 0, 20, -20])]));
    }

    #[test]
    fn constant_filters_are_a_matrix_and_give_the_sums_of_others() {
        // A window of more taps than are copied at once, and one of fewer.
        for (kernel, len) in [([5, 3], 15), ([2, 3], 6)] {
            let numbers = |len: usize, by: usize| (0..len).map(|i| (i * by % 256) as u8).collect::<Vec<u8>>();
            let x = || Given(Tensor::new(DType::U8, vec![2, 3, 7, 6], numbers(252, 97)));
            let w = Tensor::new(DType::I8, vec![4, 3, kernel[0], kernel[1]], numbers(12 * len, 53));
            let attributes = [
                ints("pads", &[1, 0, 2, 1]),
                ints("strides", &[2, 1]),
                ints("dilations", &[1, 2]),
            ];
            let zeros = || {
                [
                    Given(Tensor::new(DType::U8, vec![], vec![131])),
                    Known(Tensor::new(DType::I8, vec![4], vec![0, 0, 0, 0])),
                ]
            };
            let run = |w, zeros: [_; 2]| {
                let operands: Vec<_> = [x(), w].into_iter().chain(zeros).collect();
                run(10, "ConvInteger", &attributes, &operands, 1)
            };
            let (sums, others) = (run(Known(w.clone()), zeros()), run(Given(w), zeros()));
            assert!(sums.is_ok());
            assert_eq!(sums, others);
        }
    }

    #[test]
    fn groups_give_the_same_sums() {
        // Depthwise by two, with the greatest products, and in two groups.
        for (channels, filters, groups) in [(4, vec![8, 1, 3, 3], 4), (4, vec![6, 2, 1, 3], 2)] {
            let len = filters.iter().product();
            let numbers = |len: usize, by: usize| (0..len).map(|i| (i * by % 256) as u8).collect::<Vec<u8>>();
            let x = || {
                Given(Tensor::new(
                    DType::U8,
                    vec![2, channels, 5, 6],
                    numbers(60 * channels, 85),
                ))
            };
            let w = Tensor::new(DType::U8, filters.clone(), numbers(len, 51));
            let attributes = [
                ints("pads", &[1, 0, 2, 1]),
                ints("strides", &[2, 1]),
                int("group", groups),
            ];
            let run = |w| {
                let zero = |value| Given(Tensor::new(DType::U8, vec![], vec![value]));
                let weights_zero = Known(Tensor::new(DType::U8, vec![], vec![255]));
                run(10, "ConvInteger", &attributes, &[x(), w, zero(0), weights_zero], 1)
            };
            let (sums, others) = (run(Known(w.clone())), run(Given(w)));
            assert!(sums.is_ok());
            assert_eq!(sums, others);
        }
    }
}
