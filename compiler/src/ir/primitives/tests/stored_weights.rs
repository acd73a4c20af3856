//! Layers whose weights are stored in fewer bits give what those with whole ones do.

use crate::ir::fixed_point::{QuantisedLayer, Quantization};
use crate::ir::geometry::{Layout, Window};
use crate::ir::primitives::{Conv, ConvTranspose, Gemm};
use crate::ir::{DType, Operator, Tensor};
use crate::middle::fold::evaluate;
use runtime_core::f16;
use runtime_core::function::Relu;

fn window(kernel: usize) -> Window {
    Window {
        kernel: vec![kernel; 2],
        strides: vec![1; 2],
        dilations: vec![1; 2],
        pads: vec![kernel / 2; 4],
    }
}

fn conv(kernel: usize, groups: usize) -> Conv {
    Conv {
        window: window(kernel),
        groups,
        layout: Layout::ChannelsLast,
        activation: Relu.into(),
    }
}

fn transposed() -> ConvTranspose {
    ConvTranspose {
        window: window(3),
        output_padding: vec![0; 2],
        groups: 1,
        layout: Layout::ChannelsLast,
        activation: Relu.into(),
    }
}

fn numbers(shape: &[usize]) -> Tensor {
    let len: usize = shape.iter().product();
    let values: Vec<f32> = (0..len).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect();
    Tensor::f32(shape, &values)
}

fn one(operator: &dyn Operator, operands: &[Tensor]) -> Tensor {
    evaluate(operator, operands).unwrap().remove(0)
}

#[test]
fn weights_of_half_precision() {
    let image = numbers(&[1, 5, 4, 4]);
    let layers: [(Box<dyn Operator>, &Tensor, &[usize]); 4] = [
        (Box::new(conv(3, 1)), &image, &[6, 4, 3, 3]),
        (Box::new(conv(1, 1)), &image, &[6, 4, 1, 1]),
        (Box::new(conv(3, 4)), &image, &[4, 1, 3, 3]),
        (Box::new(transposed()), &image, &[4, 6, 3, 3]),
    ];
    for (layer, x, shape) in layers {
        let halves: Vec<f16> = numbers(shape)
            .to_f32()
            .unwrap()
            .into_iter()
            .map(f16::from_f32)
            .collect();
        let whole: Vec<f32> = halves.iter().map(|half| half.to_f32()).collect();
        let bytes = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let halves = Tensor::new(DType::F16, shape.to_vec(), bytes);
        let of = |w| one(layer.as_ref(), &[x.clone(), w]);
        assert_eq!(of(halves), of(Tensor::f32(shape, &whole)), "{layer:?}");
    }
    let infinite = Tensor::scalar(DType::F16, f64::INFINITY).reshaped(&[1, 1]);
    let gemm = Gemm {
        activation: Relu.into(),
    };
    assert!(evaluate(&gemm, &[numbers(&[1, 1]), infinite]).is_err());
    let first = Conv {
        layout: Layout::ChannelsFirst,
        ..conv(1, 1)
    };
    let half = Tensor::scalar(DType::F16, 1.0).reshaped(&[1; 4]);
    assert!(evaluate(&first, &[numbers(&[1, 1, 2, 2]), half]).is_err());
}

#[test]
fn weights_of_four_bits() {
    let dtypes = [DType::I8, DType::I16];
    for (from, to) in dtypes.into_iter().flat_map(|from| dtypes.map(|to| (from, to))) {
        let (x, y) = (Quantization::uniform(from, 0.1, -3), Quantization::uniform(to, 0.2, 4));
        let limits = Quantization::range(to).unwrap();
        // With one more channel of greater weights, the same are stored as they are.
        let outputs = |wide: bool| {
            let channels = if wide { 7 } else { 6 };
            let weights: Vec<i8> = (0..channels * 5)
                .map(|i| if i < 30 { (i * 7 % 16) as i8 - 8 } else { 100 })
                .collect();
            let (scales, bias) = (vec![0.3; channels], vec![9.0; channels]);
            let layer = QuantisedLayer::new((&x, &y), &weights, |i| i / 5, &scales, &bias, limits).unwrap();
            let bytes = weights.iter().map(|w| *w as u8).collect();
            let conv = Conv {
                activation: layer.activation,
                ..conv(1, 1)
            };
            let image = (0..40 * from.size()).map(|i| (i * 53) as u8).collect();
            let image = Tensor::new(from, vec![1, 4, 2, 5], image);
            let w = Tensor::new(DType::I8, vec![channels, 5, 1, 1], bytes);
            let outputs = one(&conv, &[image, w, layer.bias, layer.multiplier]);
            assert_eq!(outputs.dtype, to);
            let rows: Vec<_> = outputs.to_f64().chunks(channels).map(|row| row[..6].to_vec()).collect();
            rows
        };
        assert_eq!(outputs(false), outputs(true), "{from} to {to}");
    }
}
