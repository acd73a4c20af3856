//! Graphs of quantised tensors under construction.

use edgec::back::exec::Executor;
use edgec::back::portable;
use edgec::ir::primitives::{DequantizeLinear, Map, Quantization, QuantizeLinear};
use edgec::ir::{DType, Graph, Operator, Tensor, TensorType, ValueId};
use runtime_core::function::AnyFunction;

/// A graph under construction, and pseudo-random numbers for its constants.
pub(super) struct Build {
    pub(super) graph: Graph,
    state: u64,
}

impl Build {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            graph: Graph::new("test"),
            state: seed,
        }
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut next = || {
            self.state = self
                .state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.state >> 40) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    /// An input of the model, quantised.
    pub(super) fn input(&mut self, shape: &[usize], from: &Quantization) -> ValueId {
        let name = format!("x{}", self.graph.inputs().len());
        let x = self.graph.add_input(name, TensorType::new(from.dtype, shape));
        self.add(DequantizeLinear { from: from.clone() }, &[x])
    }

    /// A constant, dequantised.
    pub(super) fn constant(&mut self, shape: &[usize], from: Quantization) -> ValueId {
        let bytes = self.bytes(shape.iter().product::<usize>() * from.dtype.size());
        let bytes = if from.dtype == DType::I32 {
            bytes
                .chunks(4)
                .flat_map(|b| (i32::from(b[0]) - 128).to_le_bytes())
                .collect()
        } else {
            bytes
        };
        let value = self
            .graph
            .add_constant("constant", Tensor::new(from.dtype, shape.to_vec(), bytes));
        self.add(DequantizeLinear { from }, &[value])
    }

    pub(super) fn add(&mut self, operator: impl Operator + 'static, inputs: &[ValueId]) -> ValueId {
        let name = format!("{}_{}", operator.name(), self.graph.len());
        self.graph.add_op(name, operator, inputs, &[]).unwrap()
    }

    pub(super) fn map(&mut self, function: impl Into<AnyFunction>, x: ValueId) -> ValueId {
        self.add(
            Map {
                function: function.into(),
            },
            &[x],
        )
    }

    pub(super) fn output(&mut self, value: ValueId, to: &Quantization) {
        let y = self.add(QuantizeLinear { to: to.clone() }, &[value]);
        self.graph.add_output(format!("y{}", self.graph.outputs().len()), y);
    }

    /// Integers for the inputs, `count` times.
    pub(super) fn samples(&mut self, count: usize) -> Vec<Vec<Tensor>> {
        let inputs = self.graph.inputs().to_vec();
        let types: Vec<_> = inputs.iter().map(|x| self.graph.ty(*x).clone()).collect();
        let mut tensor = |ty: &TensorType| Tensor::new(ty.dtype, ty.shape.clone(), self.bytes(ty.bytes()));
        (0..count).map(|_| types.iter().map(&mut tensor).collect()).collect()
    }
}

/// What a graph computes of each sample.
pub(super) fn results(graph: &Graph, samples: &[Vec<Tensor>]) -> Vec<Vec<Tensor>> {
    let (program, plan) = portable(graph).unwrap();
    let mut executor = Executor::new(&program, &plan);
    samples.iter().map(|inputs| executor.run(inputs)).collect()
}
