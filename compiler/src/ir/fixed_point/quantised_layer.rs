use super::multipliers::upper_word;
use super::{MULTIPLIER_BITS, Quantization, multipliers};
use crate::ir::layer::Activation;
use crate::ir::{DType, Tensor};
use runtime_core::requantize::Requantize;

/// Bits of a product of a sum and a multiplier: with half a step added, it still fits into an `i64`.
const PRODUCT_BITS: u32 = 62;
/// What a result of 8 bits may be off, in steps, for its multipliers to be over 2^32, which processors without a shift
/// of 64 bits are fastest with. ONNX Runtime's own floats are off by up to 2^-16 of a step.
const UPPER_WORD_ERROR: f64 = 1.0 / 256.0;

/// What a convolution or product in integers needs beside its input and its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedLayer {
    /// Operand [`BIAS`](crate::ir::layer::BIAS), corrected for the zero point of the input.
    pub bias: Tensor,
    /// Operand [`MULTIPLIER`](crate::ir::layer::MULTIPLIER).
    pub multiplier: Tensor,
    /// Applied to each sum.
    pub activation: Activation,
}

impl QuantisedLayer {
    /// A layer from `x` to `y`, each of one scale and of type `i8` or `i16`. Weight `i` stands for `weights[i]` times
    /// `scales[channel(i)]`. `bias` has one number per channel in units of `x`'s scale times the channel's, and is
    /// rounded to integers. Outputs, integers of `y`, are limited to `limits`.
    ///
    /// `None` where sums could be larger than the kernels keep, or an output more than a step from the exact one: where
    /// its steps are much finer than those of the sums, a bias may have no integer that is near enough.
    pub fn new(
        (x, y): (&Quantization, &Quantization),
        weights: &[i8],
        channel: impl Fn(usize) -> usize,
        scales: &[f32],
        bias: &[f64],
        limits: (i32, i32),
    ) -> Option<Self> {
        let ((x_scale, x_zero), (y_scale, y_zero)) = (x.single()?, y.single()?);
        let usable = |scale: &f32| scale.is_normal() && *scale > 0.0;
        let all_usable = [x_scale, y_scale].iter().chain(scales).all(usable);
        if !all_usable || bias.len() != scales.len() || !bias.iter().all(|b| b.is_finite()) {
            return None;
        }
        let (greatest_input, greatest_sum) = match x.dtype {
            DType::I8 => (1 << 7, i32::MAX.into()),
            // Sums are kept in 64 bits: multipliers of few bits would be refused below.
            DType::I16 => (1 << 15, i64::MAX >> 8),
            _ => return None,
        };
        let (mut sums, mut sizes) = (vec![0_i64; scales.len()], vec![0_i64; scales.len()]);
        for (index, weight) in weights.iter().enumerate() {
            *sums.get_mut(channel(index))? += i64::from(*weight);
            *sizes.get_mut(channel(index))? += i64::from(*weight).abs();
        }
        let rounding = bias.iter().map(|bias| (bias - bias.round_ties_even()).abs());
        let rounding: Vec<f64> = rounding.collect();
        let corrected = bias.iter().zip(&sums).map(|(bias, sum)| {
            let bias = bias.round_ties_even() - f64::from(x_zero) * *sum as f64;
            (bias.abs() <= f64::from(i32::MAX)).then_some(bias as i32)
        });
        let bias: Vec<i32> = corrected.collect::<Option<_>>()?;
        let greatest = bias.iter().zip(&sizes);
        let greatest: Vec<i64> = greatest
            .map(|(bias, size)| i64::from(*bias).abs() + size * greatest_input)
            .collect();
        let sum = greatest.iter().copied().max().filter(|sum| *sum <= greatest_sum)?;
        let factors = scales
            .iter()
            .map(|w| f64::from(x_scale) * f64::from(*w) / f64::from(y_scale));
        let (least, most) = Quantization::range(y.dtype).filter(|_| matches!(y.dtype, DType::I8 | DType::I16))?;
        // Sums beyond the reach of the outputs are cut off, exact or not.
        let reach = f64::from(most) - f64::from(least);
        let within = |multiplier: &[i32], shift: u32, bound: f64, rounded: f64| {
            factors.clone().zip(multiplier).zip(greatest.iter().zip(&rounding)).all(
                |((factor, multiplier), (sum, rounding))| {
                    let error = (factor - f64::from(*multiplier) * (-f64::from(shift)).exp2()).abs();
                    error * (*sum as f64).min(reach / factor) + rounded * rounding * factor <= bound
                },
            )
        };
        let upper_word = (x.dtype == DType::I8 && y.dtype == DType::I8)
            .then(|| upper_word(factors.clone()))
            .flatten();
        let upper_word = upper_word.filter(|multiplier| within(multiplier, u32::BITS, UPPER_WORD_ERROR, 0.0));
        let (multiplier, shift) = match upper_word {
            Some(multiplier) => (multiplier, u32::BITS),
            None => {
                let bits = MULTIPLIER_BITS.min(PRODUCT_BITS + sum.leading_zeros() - i64::BITS);
                multipliers(factors.clone(), bits)?
            }
        };
        let exact = within(&multiplier, shift, 0.5, 1.0);
        let requantize = Requantize {
            shift,
            zero: y_zero,
            min: limits.0.max(least),
            max: limits.1.min(most),
            outside: x_zero,
        };
        exact.then(|| Self {
            bias: Tensor::i32(&[bias.len()], &bias),
            multiplier: Tensor::i32(&[multiplier.len()], &multiplier),
            activation: Activation::Requantize {
                requantize,
                to: y.dtype,
            },
        })
    }
}

/// Quantised weights, `i8` or `u8`, minus their zero points, `zero(i)` that of weight `i`: `None` where these are no
/// numbers of an `i8`, and where a zero point is missing. Those of a `u8` around 128 always are.
pub fn weights_around_zero(weights: &Tensor, zero: impl Fn(usize) -> Option<i32>) -> Option<Vec<i8>> {
    let integer: fn(u8) -> i32 = match weights.dtype {
        DType::I8 => |byte| (byte as i8).into(),
        DType::U8 => i32::from,
        _ => return None,
    };
    let integers = weights.bytes.iter().enumerate();
    integers
        .map(|(i, byte)| i8::try_from(integer(*byte).checked_sub(zero(i)?)?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{QuantisedLayer, weights_around_zero};
    use crate::ir::primitives::{Activation, Quantization};
    use crate::ir::{DType, Tensor};
    use runtime_core::requantize::rescale;

    fn layer(x: DType, y: DType, weights: &[i8], scales: &[f32], bias: f64) -> Option<QuantisedLayer> {
        let (x, y) = (Quantization::uniform(x, 0.5, -3), Quantization::uniform(y, 0.25, 4));
        let channels = scales.len();
        let bias = vec![bias; channels];
        QuantisedLayer::new((&x, &y), weights, |i| i % channels, scales, &bias, (-100, 1000))
    }

    #[test]
    fn the_zero_point_of_the_input_goes_into_the_bias() {
        let layer = layer(DType::I8, DType::I16, &[1, 2, 3, -4], &[0.5, 0.125], 10.5).unwrap();
        assert_eq!(layer.bias, Tensor::i32(&[2], &[10 + 12, 10 - 6]));
        let Activation::Requantize { requantize, to } = layer.activation else {
            panic!("{layer:?}");
        };
        assert_eq!((requantize.zero, requantize.outside, to), (4, -3, DType::I16));
        assert_eq!((requantize.min, requantize.max), (-100, 1000));
        let multipliers = layer.multiplier.to_f64();
        let factor = |m: f64| m / f64::from(requantize.shift).exp2();
        assert_eq!((factor(multipliers[0]), factor(multipliers[1])), (1.0, 0.25));
    }

    #[test]
    fn a_bias_between_steps_that_are_coarser_than_the_outputs_is_refused() {
        let of = |y, bias| layer(DType::I8, y, &[1], &[0.75], bias);
        assert!(of(DType::I16, 0.25).is_some());
        assert_eq!(of(DType::I16, 0.5), None);
    }

    #[test]
    fn limits_are_of_the_output_type() {
        let layer = layer(DType::I8, DType::I8, &[1], &[0.5], 0.0).unwrap();
        let limits = |a: &Activation| match a {
            Activation::Requantize { requantize, .. } => (requantize.min, requantize.max),
            _ => (0, 0),
        };
        assert_eq!(limits(&layer.activation), (-100, 127));
    }

    #[test]
    fn products_of_the_greatest_sums_fit() {
        let weights = vec![-128; 70_000];
        let of = |x, y| layer(x, y, &weights, &[0.001], 0.0);
        let layer = of(DType::I16, DType::I16).unwrap();
        let multiplier = layer.multiplier.to_f64()[0] as i32;
        let sum = 70_000 * 128 * 32_768_i64 + 3 * 70_000 * 128;
        let exact = (f64::from(multiplier) * sum as f64 / 2_f64.powi(40)).round();
        assert_eq!(rescale(sum, multiplier, 40) as f64, exact);
        assert!(of(DType::I8, DType::I8).is_some());
        let weights = vec![-128; 140_000];
        let (x, y) = (
            Quantization::uniform(DType::I8, 0.5, 0),
            Quantization::uniform(DType::I8, 0.5, 0),
        );
        let layer = QuantisedLayer::new((&x, &y), &weights, |_| 0, &[1.0], &[0.0], (-128, 127));
        assert_eq!(layer, None, "sums of more than 31 bits");
    }

    #[test]
    fn what_would_not_be_exact_is_refused() {
        let of = |scales, bias| layer(DType::I8, DType::I16, &[1, 1], scales, bias);
        assert!(of(&[0.01, 0.02], 5.0).is_some());
        assert_eq!(of(&[0.01, 0.0], 5.0), None);
        assert_eq!(of(&[0.01, 1e-40], 5.0), None, "a scale that is not normal");
        assert_eq!(of(&[0.01, 0.02], f64::NAN), None);
        assert_eq!(of(&[0.01, 0.02], 3e9), None, "a bias of more than 32 bits");
        assert_eq!(of(&[0.25, 2.0], 1e9).map(|_| ()), Some(()));
        assert_eq!(
            of(&[1e-5, 100.0], 2e9),
            None,
            "a multiplier of few bits for a great sum"
        );
    }

    #[test]
    fn weights_without_their_zero_points() {
        let bytes = |dtype: DType| Tensor::new(dtype, vec![3], [0, 100, 255].repeat(dtype.size()));
        assert_eq!(
            weights_around_zero(&bytes(DType::I8), |_| Some(0)),
            Some(vec![0, 100, -1])
        );
        assert_eq!(
            weights_around_zero(&bytes(DType::U8), |_| Some(128)),
            Some(vec![-128, -28, 127])
        );
        assert_eq!(
            weights_around_zero(&bytes(DType::U8), |i| Some(128 + i as i32)),
            Some(vec![-128, -29, 125])
        );
        assert_eq!(weights_around_zero(&bytes(DType::U8), |_| Some(100)), None);
        assert_eq!(weights_around_zero(&bytes(DType::U8), |_| Some(i32::MIN)), None);
        assert_eq!(
            weights_around_zero(&bytes(DType::U8), |i| [128, 128].get(i).copied()),
            None
        );
        assert_eq!(weights_around_zero(&bytes(DType::I16), |_| Some(0)), None);
    }
}
