use super::Layer;
use crate::ir::primitives::Quantization;
use crate::ir::{DType, Tensor};

/// Shares of the greatest weight that are tried as the greatest that is represented.
const CANDIDATES: usize = 40;

/// Largest multiple of a step that a bias is allowed to be, which leaves the sums of a layer as much room again.
const BIAS_STEPS: f64 = (1u32 << 30) as f64;

/// A layer's weights as integers.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The integers, in the weights' shape.
    pub integers: Vec<i8>,
    /// What they stand for: symmetric, one scale per channel.
    pub quantization: Quantization,
    /// The bias in floats.
    pub bias: Vec<f32>,
    /// The greatest integer that a weight may be.
    pub most: i8,
}

impl Weights {
    /// Weights rounded to the nearest of the integers from `-most` to `most`. `importance` is how much an error of each
    /// weight matters, such as the mean square of what it is multiplied by; `x` is the scale of the layer's input.
    pub fn nearest(layer: &Layer, w: &[f32], bias: Vec<f32>, most: i8, importance: &[f64], x: f32) -> Self {
        let scales = scales(layer, w, &bias, most, importance, x);
        let limit = f32::from(most);
        let integers = w.iter().enumerate().map(|(i, w)| {
            let scale = scales[layer.scale_of(layer.channel(i))];
            (w / scale).round_ties_even().clamp(-limit, limit) as i8
        });
        Self {
            integers: integers.collect(),
            quantization: Quantization {
                dtype: DType::I8,
                zeros: vec![0; scales.len()],
                scales,
                axis: layer.places.outputs_axis,
            },
            bias,
            most,
        }
    }

    /// The integers as a constant.
    pub fn tensor(&self, shape: &[usize]) -> Tensor {
        Tensor::new(
            DType::I8,
            shape.to_vec(),
            self.integers.iter().map(|v| *v as u8).collect(),
        )
    }

    /// The bias in steps of the sums, for inputs of scale `x`, and what its integers stand for.
    pub fn bias(&self, layer: &Layer, x: f32) -> (Tensor, Quantization) {
        let scales: Vec<f32> = (0..layer.channels)
            .map(|c| x * self.quantization.scales[layer.scale_of(c)])
            .collect();
        let steps = self.bias.iter().zip(&scales).map(|(b, scale)| {
            let steps = (f64::from(*b) / f64::from(*scale)).round_ties_even();
            steps.clamp(-BIAS_STEPS, BIAS_STEPS) as i32
        });
        let tensor = Tensor::i32(&[layer.channels], &steps.collect::<Vec<_>>());
        let quantization = Quantization {
            dtype: DType::I32,
            zeros: vec![0; scales.len()],
            scales,
            axis: 0,
        };
        (tensor, quantization)
    }
}

/// For each channel the scale of the least error.
fn scales(layer: &Layer, w: &[f32], bias: &[f32], most: i8, importance: &[f64], x: f32) -> Vec<f32> {
    let mut channels: Vec<Vec<(f32, f64)>> = vec![vec![]; layer.scales()];
    for (i, w) in w.iter().enumerate() {
        channels[layer.scale_of(layer.channel(i))].push((*w, importance[i]));
    }
    let least = |scale: usize| {
        let biases = (0..layer.channels).filter(|c| layer.scale_of(*c) == scale);
        let greatest = biases.map(|c| bias[c].abs()).fold(0.0, f32::max);
        let least = f64::from(greatest) / (f64::from(x) * BIAS_STEPS);
        // The product with the scale of the input must be a normal number too.
        (least as f32).max(f32::MIN_POSITIVE / x.min(1.0) * 2.0)
    };
    channels
        .iter()
        .enumerate()
        .map(|(i, channel)| best_scale(channel, most).max(least(i)))
        .collect()
}

/// The scale of the least weighted squared error; that of zeros is any.
fn best_scale(channel: &[(f32, f64)], most: i8) -> f32 {
    let greatest = channel.iter().map(|(w, _)| w.abs()).fold(0.0, f32::max);
    if greatest == 0.0 {
        return 1.0;
    }
    let whole = greatest / f32::from(most);
    let cost = |scale: f32| -> f64 {
        let limit = f32::from(most);
        let error = |w: f32| f64::from(w - (w / scale).round_ties_even().clamp(-limit, limit) * scale);
        channel
            .iter()
            .map(|(w, importance)| importance * error(*w).powi(2))
            .sum()
    };
    let shares = (0..=CANDIDATES).map(|i| whole * (1.0 - 0.5 * i as f32 / CANDIDATES as f32));
    let costs = shares
        .filter(|scale| scale.is_normal())
        .map(|scale| (scale, cost(scale)));
    costs
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(whole, |(scale, _)| scale)
}
