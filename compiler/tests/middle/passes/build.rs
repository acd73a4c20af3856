//! Small float graphs under construction.

use edgec::ir::primitives::{Binary, BinaryOp, Conv, Gemm, Layout, Map, Pad, PadMode, Pool, PoolKind, Window};
use edgec::ir::{DType, Graph, Tensor, TensorType, ValueId, verify};
use runtime_core::function::{AnyFunction, Identity};

/// A graph under construction.
pub(crate) struct Build {
    pub(crate) graph: Graph,
    pub(crate) seed: u64,
    pub(crate) made: usize,
}

impl Build {
    pub(crate) fn random(&mut self) -> f32 {
        self.seed = self
            .seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.seed >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    pub(crate) fn x(&mut self, shape: &[usize]) -> ValueId {
        let name = format!("x{}", self.graph.inputs().len());
        self.graph.add_input(name, TensorType::new(DType::F32, shape))
    }

    pub(crate) fn name(&mut self) -> String {
        self.made += 1;
        format!("n{}", self.made)
    }

    pub(crate) fn weights(&mut self, shape: &[usize]) -> ValueId {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| self.random()).collect();
        self.constant(shape, &values)
    }

    pub(crate) fn constant(&mut self, shape: &[usize], values: &[f32]) -> ValueId {
        let name = self.name();
        self.graph.add_constant(name, Tensor::f32(shape, values))
    }

    pub(crate) fn op(&mut self, operator: impl edgec::ir::Operator + 'static, inputs: &[ValueId]) -> ValueId {
        let name = self.name();
        let origin = [name.to_uppercase()];
        self.graph.add_op(name, operator, inputs, &origin).unwrap()
    }

    pub(crate) fn map(&mut self, function: impl Into<AnyFunction>, x: ValueId) -> ValueId {
        self.op(
            Map {
                function: function.into(),
            },
            &[x],
        )
    }

    pub(crate) fn binary(&mut self, op: BinaryOp, a: ValueId, b: ValueId) -> ValueId {
        self.op(Binary::from(op), &[a, b])
    }

    /// A convolution with weights `[oc, x.channels / groups, 3, 3]`, padded to keep the extents.
    pub(crate) fn conv(&mut self, x: ValueId, oc: usize, groups: usize) -> ValueId {
        let ic = self.graph.ty(x).shape[1];
        let w = self.weights(&[oc, ic / groups, 3, 3]);
        self.op(
            Conv {
                window: window(3, 1),
                groups,
                layout: Layout::ChannelsFirst,
                activation: Identity.into(),
            },
            &[x, w],
        )
    }

    pub(crate) fn gemm(&mut self, x: ValueId, n: usize) -> ValueId {
        let k = *self.graph.ty(x).shape.last().unwrap();
        let w = self.weights(&[k, n]);
        self.op(
            Gemm {
                activation: Identity.into(),
            },
            &[x, w],
        )
    }

    pub(crate) fn pool(&mut self, kind: PoolKind, x: ValueId) -> ValueId {
        self.op(
            Pool {
                kind,
                window: window(2, 0),
                ceil_mode: false,
                layout: Layout::ChannelsFirst,
            },
            &[x],
        )
    }

    /// Pads both spatial axes of an image by `by`.
    pub(crate) fn pad(&mut self, x: ValueId, by: usize, filler: f32) -> ValueId {
        let filler = self.constant(&[], &[filler]);
        let pads = vec![0, 0, by, by];
        self.op(
            Pad {
                begins: pads.clone(),
                ends: pads,
                mode: PadMode::Constant,
            },
            &[x, filler],
        )
    }

    pub(crate) fn output(&mut self, value: ValueId) {
        let name = format!("y{}", self.graph.outputs().len());
        self.graph.add_output(name, value);
    }
}

pub(crate) fn window(kernel: usize, pad: usize) -> Window {
    Window {
        kernel: vec![kernel; 2],
        strides: vec![1; 2],
        dilations: vec![1; 2],
        pads: vec![pad; 4],
    }
}

pub(crate) fn build(make: &dyn Fn(&mut Build)) -> Graph {
    let mut build = Build {
        graph: Graph::new("test"),
        seed: 1,
        made: 0,
    };
    make(&mut build);
    verify(&build.graph).unwrap();
    build.graph
}

pub(crate) const IMAGE: [usize; 4] = [1, 4, 5, 6];
