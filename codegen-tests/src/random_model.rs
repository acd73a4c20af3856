//! Small models of a random chain of operators, and any bytes as their inputs.

use crate::model_builder::{Attr, ModelBuilder};
use edgec::ir::{DType, Tensor, TensorType};

/// splitmix64: the same models in every run.
#[derive(Clone, Copy, Debug)]
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.below(2001) as f32 / 1000.0 - 1.0).collect()
    }
}

/// Inputs of any bits: indices far outside, infinities, what is no number. Half of the floats are of a common size, or
/// nothing but NaN would come out of long chains.
pub fn any_bits(ty: &TensorType, random: &mut Random) -> Tensor {
    let common = random.below(2) == 0 && ty.dtype.is_float();
    let element = |_| match common {
        true => Tensor::scalar(ty.dtype, random.below(4001) as f64 / 1000.0 - 2.0)
            .bytes
            .to_vec(),
        false => random.next().to_le_bytes()[..ty.dtype.size()].to_vec(),
    };
    let bytes: Vec<u8> = (0..ty.len()).flat_map(element).collect();
    Tensor::new(ty.dtype, ty.shape.clone(), bytes)
}

/// The bytes of a model: an image `x` through some operators, and indices `i` where one takes them.
pub fn model(random: &mut Random) -> Vec<u8> {
    let shape = [1, 1 + random.below(4), 1 + random.below(6), 1 + random.below(6)];
    let mut chain = Chain {
        builder: ModelBuilder::new(17).input("x", DType::F32, &shape),
        shape: shape.to_vec(),
        value: "x".to_owned(),
        count: 0,
        takes_indices: false,
    };
    for _ in 0..1 + random.below(6) {
        chain = chain.grow(random);
    }
    let Chain { builder, value, .. } = chain.flat();
    builder.untyped_output(&value).bytes()
}

struct Chain {
    builder: ModelBuilder,
    shape: Vec<usize>,
    value: String,
    count: usize,
    takes_indices: bool,
}

impl Chain {
    /// Adds a node that reads the last value first.
    fn node(mut self, op: &str, others: &[&str], attributes: &[(&str, Attr)], shape: Vec<usize>) -> Self {
        let next = format!("v{}", self.count);
        let inputs = [&[self.value.as_str()], others].concat();
        self.builder = self.builder.node(op, &inputs, &[&next], attributes);
        Self {
            value: next,
            shape,
            count: self.count + 1,
            ..self
        }
    }

    fn constant(mut self, shape: &[usize], values: &[f32]) -> (Self, String) {
        let name = format!("w{}_{}", self.count, shape.len());
        self.builder = self.builder.initializer_f32(&name, shape, values);
        (self, name)
    }

    fn integers(mut self, name: &str, values: &[i64]) -> (Self, String) {
        let name = format!("{name}{}", self.count);
        self.builder = self.builder.initializer_i64(&name, &[values.len()], values);
        (self, name)
    }

    fn grow(self, random: &mut Random) -> Self {
        const MAPS: [&str; 12] = [
            "Relu",
            "Sigmoid",
            "Tanh",
            "Exp",
            "Abs",
            "Neg",
            "Sqrt",
            "Erf",
            "Floor",
            "Sin",
            "Softplus",
            "HardSwish",
        ];
        let same = self.shape.clone();
        match random.below(12) {
            0 => self.node(MAPS[random.below(MAPS.len())], &[], &[], same),
            1 => self.convolution(random),
            2 => self.pool(random),
            3 => self.with_constant(
                ["Add", "Mul", "Sub", "Div", "Max", "Min", "Pow"][random.below(7)],
                random,
            ),
            4 => self.node("Softmax", &[], &[("axis", Attr::Int(random.below(4) as i64))], same),
            5 => self.transpose(random),
            6 => self.pad(random),
            7 => self.gather(random),
            8 => self.quantize(random),
            9 => {
                let axis = random.below(4);
                let mut shape = same;
                shape[axis] = 1;
                let op = ["ReduceMax", "ReduceMean", "ReduceMin", "ReduceL2"][random.below(4)];
                self.node(op, &[], &[("axes", Attr::Ints(vec![axis as i64]))], shape)
            }
            10 => {
                let twice = self.value.clone();
                let axis = random.below(4);
                let mut shape = same;
                shape[axis] *= 2;
                self.node("Concat", &[&twice], &[("axis", Attr::Int(axis as i64))], shape)
            }
            _ => {
                let (chain, axis) = self.integers("axis", &[2]);
                let axis_of = format!("{axis}_0");
                let builder = chain.builder.clone().initializer(
                    &axis_of,
                    &Tensor::i64(&[], &[random.below(4) as i64]),
                    crate::model_builder::Encoding::Raw,
                );
                Self { builder, ..chain }.node("CumSum", &[&axis_of], &[], same)
            }
        }
    }

    fn convolution(self, random: &mut Random) -> Self {
        let [n, c, h, w] = self.shape[..] else { return self };
        let (kh, kw, out) = (
            1 + random.below(h.min(3)),
            1 + random.below(w.min(3)),
            1 + random.below(9),
        );
        let depthwise = random.below(3) == 0;
        let (out, inner, group) = if depthwise { (c, 1, c) } else { (out, c, 1) };
        let values = random.floats(out * inner * kh * kw);
        let (chain, weights) = self.constant(&[out, inner, kh, kw], &values);
        let shape = vec![n, out, h - kh + 1, w - kw + 1];
        chain.node("Conv", &[&weights], &[("group", Attr::Int(group as i64))], shape)
    }

    fn pool(self, random: &mut Random) -> Self {
        let [n, c, h, w] = self.shape[..] else { return self };
        let (kh, kw) = (1 + random.below(h), 1 + random.below(w));
        let kernel = Attr::Ints(vec![kh as i64, kw as i64]);
        let op = ["MaxPool", "AveragePool"][random.below(2)];
        self.node(op, &[], &[("kernel_shape", kernel)], vec![n, c, h - kh + 1, w - kw + 1])
    }

    fn with_constant(self, op: &str, random: &mut Random) -> Self {
        let same = self.shape.clone();
        let kept: Vec<usize> = same
            .iter()
            .map(|dim| if random.below(2) == 0 { 1 } else { *dim })
            .collect();
        let values = random.floats(kept.iter().product());
        let (chain, constant) = self.constant(&kept, &values);
        chain.node(op, &[&constant], &[], same)
    }

    fn transpose(self, random: &mut Random) -> Self {
        let mut perm = [0, 1, 2, 3];
        (0..3).for_each(|i| perm.swap(i, i + random.below(4 - i)));
        let shape = perm.iter().map(|axis| self.shape[*axis]).collect();
        let perm = Attr::Ints(perm.iter().map(|axis| *axis as i64).collect());
        self.node("Transpose", &[], &[("perm", perm)], shape)
    }

    fn pad(self, random: &mut Random) -> Self {
        let pads: Vec<i64> = (0..8).map(|_| random.below(2) as i64).collect();
        let shape = self.shape.iter().enumerate();
        let shape = shape
            .map(|(axis, dim)| dim + (pads[axis] + pads[axis + 4]) as usize)
            .collect();
        let (chain, pads) = self.integers("pads", &pads);
        let mode = ["constant", "edge"][random.below(2)];
        chain.node("Pad", &[&pads], &[("mode", Attr::Str(mode))], shape)
    }

    /// Any indices, most of them outside.
    fn gather(mut self, random: &mut Random) -> Self {
        if !self.takes_indices {
            self.builder = self.builder.input("i", DType::I64, &[3]);
            self.takes_indices = true;
        }
        let axis = random.below(4);
        let mut shape = self.shape.clone();
        shape[axis] = 3;
        self.node("Gather", &["i"], &[("axis", Attr::Int(axis as i64))], shape)
    }

    fn quantize(mut self, random: &mut Random) -> Self {
        let (scale, zero) = (format!("s{}", self.count), format!("z{}", self.count));
        let zero_point = Tensor::scalar(DType::I8, random.below(256) as f64 - 128.0);
        let raw = crate::model_builder::Encoding::Raw;
        self.builder = self
            .builder
            .initializer(
                &scale,
                &Tensor::scalar(DType::F32, [0.01, 0.1, 1.0][random.below(3)]),
                raw.clone(),
            )
            .initializer(&zero, &zero_point, raw);
        let same = self.shape.clone();
        self.node("QuantizeLinear", &[&scale, &zero], &[], same.clone()).node(
            "DequantizeLinear",
            &[&scale, &zero],
            &[],
            same,
        )
    }

    /// Ends in a product, whose value is of another rank.
    fn flat(self) -> Self {
        let len: usize = self.shape.iter().product();
        let chain = self.node("Flatten", &[], &[("axis", Attr::Int(0))], vec![1, len]);
        if len > 512 {
            return chain;
        }
        let values: Vec<f32> = (0..len * 3).map(|i| ((i * 37 % 19) as f32 - 9.0) / 10.0).collect();
        let (chain, weights) = chain.constant(&[len, 3], &values);
        chain.node("MatMul", &[&weights], &[], vec![1, 3])
    }
}
