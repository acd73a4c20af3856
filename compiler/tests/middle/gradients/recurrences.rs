//! Recurrent layers: gradients through time, of random sizes.

use super::{Build, Case, add, check, compare, numbers};
use edgec::ir::primitives::*;
use edgec::ir::{DType, Graph, Tensor, TensorType, ValueId};
use edgec::middle::train::differentiate;
use runtime_core::function::{Relu, Sigmoid, Tanh};
use runtime_core::kernels::{Gru, Lstm, Rnn};

/// Which results the loss depends on: the hidden states after every step, the last hidden ones, the last other ones.
#[derive(Clone, Copy, Debug)]
struct Read([bool; 3]);

/// A layer, its sizes and what is read of it.
#[derive(Clone, Debug)]
struct Layer {
    cell: RecurrentCell,
    /// Gates, numbers of each unit beside the weights, and states.
    counts: [usize; 3],
    /// Of each direction, whether it runs backwards.
    reverse: Vec<bool>,
    batch_first: bool,
    steps: usize,
    batch: usize,
    hidden: usize,
    /// How many first states are given.
    first: usize,
    read: Read,
}

impl Layer {
    fn directions(&self) -> usize {
        self.reverse.len()
    }

    /// Of the input's part, of the first states if any are given, and of the weights of each direction.
    fn shapes(&self) -> Vec<Vec<usize>> {
        let [gates, extras, _] = self.counts;
        let (width, hidden) = (self.directions() * gates * self.hidden, self.hidden);
        let x = if self.batch_first {
            vec![self.batch, self.steps, width]
        } else {
            vec![self.steps, self.batch, width]
        };
        let state = self.directions() * self.batch * hidden;
        let first = (self.first > 0).then(|| vec![self.first * state]);
        let weights = vec![hidden * (gates * hidden + extras)];
        [vec![x], first.into_iter().collect(), vec![weights; self.directions()]].concat()
    }

    /// The results that are read, flat, one after the other.
    fn build(&self, graph: &mut Graph, operands: &[ValueId]) -> ValueId {
        let dtype = graph.ty(operands[0]).dtype;
        let none = graph.add_constant("none", Tensor::new(dtype, vec![0], vec![]));
        let lengths = graph.add_constant("lengths", Tensor::i32(&[0], &[]));
        let (first, weights) = operands[1..].split_at(usize::from(self.first > 0));
        let first = first.first().copied().unwrap_or(none);
        let directions = self.reverse.iter();
        let layer = Recurrence {
            hidden: self.hidden,
            batch_first: self.batch_first,
            clip: f32::INFINITY,
            directions: directions
                .map(|reverse| Direction {
                    reverse: *reverse,
                    cell: self.cell,
                })
                .collect(),
            packed: false,
        };
        let inputs = [&[operands[0], first, lengths], weights].concat();
        let inputs: Vec<_> = inputs.into_iter().map(Some).collect();
        let node = graph.add("layer", layer, &inputs, &[]).unwrap();
        let outputs = graph.node(node).outputs.clone();
        let read = outputs.into_iter().zip(self.read.0).filter(|(_, read)| *read);
        let parts: Vec<_> = read
            .map(|(value, _)| {
                let shape = vec![graph.ty(value).len()];
                add(graph, Reshape { shape }, &[value])
            })
            .collect();
        match parts[..] {
            [only] => only,
            _ => add(graph, Concat { axis: 0 }, &parts),
        }
    }

    /// Checks the gradients in `f64` against differences, and in `f32` against differences in `f64`.
    fn check(&self) {
        let name = format!("{self:?}");
        let build = |graph: &mut Graph, operands: &[ValueId]| self.build(graph, operands);
        let build: Build<'_> = &build;
        let shapes = self.shapes();
        check(&name, build, &shapes.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let [case, reference] = [DType::F32, DType::F64].map(|dtype| Case {
            build,
            dtype,
            shapes: shapes.clone(),
        });
        let lens = shapes.iter().map(|shape| shape.iter().product());
        let operands: Vec<_> = lens.enumerate().map(|(i, len)| numbers(len, i)).collect();
        compare(&name, &case, &reference, &operands, 1e-4);
    }
}

/// The next of numbers that look random, below `most`.
fn below(state: &mut u64, most: usize) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize % most
}

/// Layers of this cell in all directions and layouts, with sizes that differ.
fn check_all(cell: RecurrentCell, counts: [usize; 3], seed: u64) {
    let mut state = seed;
    let directions: [&[bool]; 3] = [&[false], &[true], &[false, true]];
    for case in 0..12 {
        let last = counts[2] > 1;
        let reads = [
            [true, false, false],
            [false, true, false],
            [true, true, last],
            [false, !last, last],
        ];
        let layer = Layer {
            cell,
            counts,
            reverse: directions[case % 3].to_vec(),
            batch_first: case % 2 == 1,
            steps: if case == 5 { 1 } else { 1 + below(&mut state, 4) },
            batch: 1 + below(&mut state, 3),
            hidden: if case == 4 { 17 } else { 1 + below(&mut state, 4) },
            first: case % (counts[2] + 1),
            read: Read(reads[case / 3]),
        };
        layer.check();
    }
}

#[test]
fn rnn() {
    for (f, seed) in [(Tanh.into(), 1), (Sigmoid.into(), 2), (Relu.into(), 3)] {
        check_all(RecurrentCell::Rnn(Rnn { f }), [1, 0, 1], seed);
    }
}

#[test]
fn gru() {
    for linear_before_reset in [false, true] {
        let (f, g) = (Sigmoid.into(), Tanh.into());
        let cell = Gru {
            f,
            g,
            linear_before_reset,
        };
        check_all(RecurrentCell::Gru(cell), [3, usize::from(linear_before_reset), 1], 4);
    }
}

#[test]
fn lstm() {
    let cell = Lstm {
        f: Sigmoid.into(),
        g: Tanh.into(),
        h: Tanh.into(),
        peephole: false,
        input_forget: false,
    };
    check_all(RecurrentCell::Lstm(cell), [4, 0, 2], 5);
}

/// An LSTM with all that is refused, one thing at a time.
#[test]
fn what_cannot_be_trained_is_named() {
    let usual = Lstm {
        f: Sigmoid.into(),
        g: Tanh.into(),
        h: Tanh.into(),
        peephole: false,
        input_forget: false,
    };
    let (relu, none) = (Relu.into(), f32::INFINITY);
    let peephole = Lstm {
        peephole: true,
        ..usual
    };
    let input_forget = Lstm {
        input_forget: true,
        ..usual
    };
    let cases = [
        (Lstm { f: relu, ..usual }, none, 0, "the function Relu in that place"),
        (Lstm { h: relu, ..usual }, none, 0, "the function Relu in that place"),
        (peephole, none, 0, "peepholes"),
        (input_forget, none, 0, "`input_forget`"),
        (usual, 3.0, 0, "`clip`"),
        (usual, none, 2, "`sequence_lens`"),
    ];
    for (cell, clip, lengths, what) in cases {
        let mut graph = Graph::new("refused");
        let mut input = |name: &str, shape: &[usize]| graph.add_input(name, TensorType::new(DType::F32, shape));
        let extras = if cell.peephole { 3 * 3 } else { 0 };
        let (x, weights) = (input("x", &[2, 2, 12]), input("w", &[4 * 3 * 3 + extras]));
        let first = graph.add_constant("first", Tensor::f32(&[0], &[]));
        let lengths = graph.add_constant("lengths", Tensor::i32(&[lengths], &[2, 1][..lengths]));
        let layer = Recurrence {
            hidden: 3,
            batch_first: false,
            clip,
            directions: vec![Direction {
                reverse: false,
                cell: RecurrentCell::Lstm(cell),
            }],
            packed: false,
        };
        let inputs = [x, first, lengths, weights].map(Some);
        let node = graph.add("layer", layer, &inputs, &[]).unwrap();
        let y = graph.node(node).outputs[0];
        let (op, axes) = (ReduceOp::Sum, vec![0, 1, 2, 3]);
        let sum = add(&mut graph, Reduce { op, axes }, &[y]);
        let loss = add(&mut graph, Reshape { shape: vec![] }, &[sum]);
        let error = differentiate(&mut graph, loss, &[weights]).unwrap_err().to_string();
        for part in [
            "node `layer`",
            "LSTM cannot be trained through",
            what,
            "trained are RNN with Tanh",
        ] {
            assert!(error.contains(part), "`{part}` is missing: {error}");
        }
    }
}
