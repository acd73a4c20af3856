//! Random numbers, inputs, weights and quantisations.

use crate::quantised_graph::{Build, results};
use edgec::ir::primitives::{Quantization, Window};
use edgec::ir::{DType, Tensor, ValueId};
use edgec::middle::passes::{UNFINISHED, run};

/// A graph of random operators.
pub(crate) struct Random {
    pub(crate) build: Build,
    /// Whether a function is computed of 16-bit integers.
    pub(crate) curves: bool,
}

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let bytes = self.build.bytes(2);
        usize::from(u16::from_le_bytes([bytes[0], bytes[1]])) % limit.max(1)
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// A number between the two, as likely in each power of two.
    pub(crate) fn between(&mut self, least: f32, most: f32) -> f32 {
        least * libm::powf(most / least, self.below(1000) as f32 / 1000.0)
    }

    pub(crate) fn shape(&self, x: ValueId) -> Vec<usize> {
        self.build.graph.ty(x).shape.clone()
    }

    /// An input of the model.
    pub(crate) fn input(&mut self, shape: &[usize], dtype: DType) -> ValueId {
        let (min, max) = Quantization::range(dtype).unwrap();
        let zero = match self.below(4) {
            0 => 0,
            1 => min,
            2 => max,
            _ => min + self.below((max - min) as usize) as i32,
        };
        let zero = zero.clamp(min, max);
        // Floats of 24 bits do not tell large numbers of 16 bits apart.
        let finer = if dtype.size() == 2 { 256.0 } else { 1.0 };
        let scale = self.between(1e-3, 2.0) / finer;
        self.build.input(shape, &Quantization::uniform(dtype, scale, zero))
    }

    pub(crate) fn dtype(&mut self) -> DType {
        self.one_of(&[DType::I8, DType::I8, DType::U8, DType::I16, DType::U16])
    }

    /// Weights with one scale, or one for each of the channels along an axis.
    pub(crate) fn weights(&mut self, shape: &[usize], axis: usize) -> ValueId {
        let scales = if self.chance(50) { 1 } else { shape[axis] };
        let mut from = Quantization::uniform(DType::I8, 1.0, 0);
        from.scales = (0..scales).map(|_| self.between(1e-3, 0.1)).collect();
        from.zeros = vec![0; scales];
        from.axis = axis;
        self.build.constant(shape, from)
    }

    pub(crate) fn floats(&mut self, count: usize, span: f32) -> ValueId {
        let numbers: Vec<f32> = (0..count)
            .map(|_| (self.below(2001) as f32 / 1000.0 - 1.0) * span)
            .collect();
        self.build.graph.add_constant("floats", Tensor::f32(&[count], &numbers))
    }

    pub(crate) fn window(&mut self, image: &[usize]) -> Window {
        let kernel: Vec<usize> = image.iter().map(|size| 1 + self.below((*size).min(3))).collect();
        Window {
            strides: kernel.iter().map(|_| 1 + self.below(2)).collect(),
            dilations: vec![1; kernel.len()],
            pads: kernel.iter().chain(&kernel).map(|k| self.below(*k)).collect(),
            kernel,
        }
    }
}

impl Random {
    /// A quantisation of what a value is on a sample, or of more or less.
    pub(crate) fn quantization(&mut self, y: ValueId, dtype: DType, sample: &[Tensor]) -> Quantization {
        let mut graph = self.build.graph.clone();
        graph.add_output("floats", y);
        run(&mut graph, UNFINISHED, &mut |_, _| {}).unwrap();
        let numbers = results(&graph, &[sample.to_vec()])[0][0].to_f64();
        let (least, most) = numbers
            .iter()
            .fold((0.0_f64, 1e-3_f64), |(a, b), v| (a.min(*v), b.max(*v)));
        let (min, max) = Quantization::range(dtype).unwrap();
        let scale = (most - least) / f64::from(max - min) * f64::from(self.between(0.5, 2.0));
        let zero = (f64::from(min) - least / scale).round().clamp(min.into(), max.into());
        Quantization::uniform(dtype, scale as f32, zero as i32)
    }
}
